"""Every test that docs/guarantees.md names is there."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
GUARANTEES = (REPOSITORY / "docs" / "guarantees.md").read_text(encoding="utf-8")


def test_every_named_test_is_there() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)", GUARANTEES))

    assert len(named) > 10
    assert [name for name in named if not (REPOSITORY / name).exists()] == []


def test_every_module_of_faults_is_named() -> None:
    modules = {
        str(path.relative_to(REPOSITORY))
        for path in (REPOSITORY / "tests" / "faults").glob("test_*.py")
    }

    assert [module for module in sorted(modules) if module not in GUARANTEES] == []

"""Every test that docs/security.md names is there, function by function."""

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SECURITY = (REPOSITORY / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", SECURITY)))
POINTS = re.findall(r"^\| (\d[^|]*)\|([^|]*)\|([^|]*)\|$", SECURITY, re.MULTILINE)


def test_the_document_is_read() -> None:
    assert len(NAMED) > 40
    assert len(POINTS) > 30
    assert len(NAMED) == len(set(re.findall(r"`(tests/[^`]*)`", SECURITY)))


@pytest.mark.parametrize(("module", "name"), NAMED)
def test_a_named_test_is_there(module: str, name: str) -> None:
    tree = ast.parse((REPOSITORY / module).read_text(encoding="utf-8"))

    functions = {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert name in functions


@pytest.mark.parametrize(("point", "how", "tests"), POINTS)
def test_a_point_has_a_test_or_says_why_it_does_not_apply(point: str, how: str, tests: str) -> None:
    assert tests.strip() or how.strip().startswith("does not apply: "), point


def test_every_test_of_attacks_is_named() -> None:
    source = (REPOSITORY / "tests/unit/http/test_access_attacks.py").read_text(encoding="utf-8")
    written = set(re.findall(r"def (test_\w+)", source))

    assert written <= {name for _, name in NAMED}

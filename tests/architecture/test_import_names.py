"""The four generic import names are ours alone, and imports point inwards."""

import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
ROOMS = ("domain", "application", "adapters", "entrypoints")


@pytest.mark.parametrize("name", ROOMS)
def test_no_other_distribution_installs_this_import_name(name: str) -> None:
    owners = packages_distributions().get(name, [])

    assert set(owners) <= {"cdc-audit"}, f"{owners} also install `{name}`; drop or pin it away"


def test_the_contracts_of_import_linter_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")

    ran = subprocess.run(  # noqa: S603 - the linter beside our interpreter
        [linter, "--no-cache"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("entrypoints.cli", {"ray", "aiokafka", "psycopg", "uvicorn", "opentelemetry"}),
        ("entrypoints.settings", {"ray", "aiokafka", "uvicorn", "opentelemetry", "httpx2"}),
        ("entrypoints.library", {"ray"}),
        ("entrypoints.run", {"ray", "pyarrow", "rich", "cryptography", "authlib", "httpx2"}),
        ("adapters.inprocess.transformer", {"ray", "aiokafka", "psycopg"}),
        ("adapters.schema_registry.lookup", {"httpx2", "confluent_kafka", "authlib"}),
    ],
)
def test_importing_a_module_brings_no_technology_that_it_does_not_need(
    module: str, unwanted: set[str]
) -> None:
    program = f"import sys, {module}; print(*({unwanted!r} & set(sys.modules)))"

    ran = subprocess.run(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )

    assert ran.stdout.split() == []

"""A skipped test of a real service fails the run in CI, and only there."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
INI = """
[pytest]
markers =
    kafka: needs a broker
"""
SKIPS_KAFKA = """
import pytest

@pytest.mark.kafka
def test_of_kafka():
    pytest.skip("there is no broker")

def test_of_nothing():
    assert True
"""
SKIPS_SOMETHING_ELSE = SKIPS_KAFKA.replace("@pytest.mark.kafka\n", "")


def run_pytest(
    folder: Path, test: str, environment: Mapping[str, str], *options: str
) -> subprocess.CompletedProcess[str]:
    (folder / "pytest.ini").write_text(INI)
    (folder / "test_sample.py").write_text(test)
    without_ci = {name: value for name, value in os.environ.items() if name != "CI"}
    command = [sys.executable, "-m", "pytest", "-p", "tests.servers.required"]
    return subprocess.run(  # noqa: S603 - our own interpreter
        [*command, "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={**without_ci, "PYTHONPATH": str(REPOSITORY), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_ci_fails_when_a_test_of_a_real_service_is_skipped(
    tmp_path: Path, options: Sequence[str]
) -> None:
    finished = run_pytest(tmp_path, SKIPS_KAFKA, {"CI": "true"}, *options)

    assert finished.returncode == 1
    assert "test_sample.py::test_of_kafka (kafka)" in finished.stdout
    assert "1 passed, 1 skipped" in finished.stdout


def test_ci_allows_skips_that_concern_no_service(tmp_path: Path) -> None:
    finished = run_pytest(tmp_path, SKIPS_SOMETHING_ELSE, {"CI": "true"})

    assert finished.returncode == 0, finished.stdout


def test_elsewhere_a_machine_without_the_service_passes(tmp_path: Path) -> None:
    finished = run_pytest(tmp_path, SKIPS_KAFKA, {})

    assert finished.returncode == 0, finished.stdout

"""Workers must run the program that asks them."""

import pytest

from adapters.ray.versions import Versions, our_versions, require_same
from domain.errors import ConfigurationError

OURS = Versions("1.2.0", "3.11.7")


@pytest.mark.parametrize("python", ["3.11.7", "3.11.9"])
def test_a_worker_of_the_same_program_and_minor_python_is_taken(python: str) -> None:
    require_same(Versions("1.2.0", python), OURS)


@pytest.mark.parametrize(
    "worker",
    [Versions("1.2.1", "3.11.7"), Versions("1.2.0", "3.12.7"), Versions("0+unknown", "3.11.7")],
)
def test_another_worker_is_refused_with_both_versions_and_what_to_do(worker: Versions) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        require_same(worker, OURS)

    for word in (worker.program, worker.python, "1.2.0 on Python 3.11", "install", "inprocess"):
        assert word in refusal.value.problem


def test_a_process_takes_itself() -> None:
    require_same(our_versions(), our_versions())

"""Which run of a connector records are of."""

import pytest

from application.connector_runs import run_of, runs_of
from domain.redelivery import RunStretch
from tests.builders import a_raw_record

HEADER = "__debezium.context.runId"


@pytest.mark.parametrize(
    ("headers", "run"),
    [
        ((("other", b"x"), (HEADER, b"01a2")), "01a2"),
        (((HEADER, b'"01a2"'),), '"01a2"'),
        (((HEADER, b"\xff\x00"),), r"\xff\0"),
        (((HEADER, None),), None),
        (((HEADER, b""),), None),
        (((HEADER, b"x" * 201),), None),
        ((("other", b"x"),), None),
        ((), None),
    ],
)
def test_the_run_is_what_the_header_says(
    headers: tuple[tuple[str, bytes | None], ...], run: str | None
) -> None:
    assert run_of(a_raw_record(headers=headers)) == run


def test_a_slice_is_cut_where_the_header_changes() -> None:
    first, second = ((HEADER, b"a"),), ((HEADER, b"b"),)
    changes = [a_raw_record(3, headers=first), a_raw_record(5, headers=second)]

    found = runs_of(changes, ["20", "10"])

    assert found == (RunStretch(3, "a", "20", "20"), RunStretch(5, "b", "10", "10"))


def test_a_slice_without_changes_has_no_run() -> None:
    assert runs_of([], []) == ()

"""Where runs of a connector begin, and which of their changes may repeat others."""

import pytest

from domain.redelivery import RunStretch, begins_run, may_repeat, stretches


def test_one_run_whose_positions_rise_is_one_stretch_and_is_not_searched() -> None:
    asked: list[int] = []

    def run_of(index: int) -> str:
        asked.append(index)
        return "a"

    found = stretches([3, 4, 6, 7], ["10", None, "10", "12"], run_of)

    assert found == (RunStretch(3, "a", "10", "12"),)
    assert asked == [0, 3]


def test_another_run_begins_another_stretch() -> None:
    found = stretches([3, 4, 6, 7], ["10", "12", "10", "14"], "aabb".__getitem__)

    assert found == (RunStretch(3, "a", "10", "12"), RunStretch(6, "b", "10", "14"))


def test_positions_that_go_back_within_a_run_begin_none() -> None:
    assert stretches([3, 4], ["12", "10"], lambda _: "a") == (RunStretch(3, "a", "10", "12"),)


def test_without_run_ids_a_run_begins_where_positions_go_back() -> None:
    found = stretches([3, 4, 6, 7], ["10", "12", "10", "10"], lambda _: None)

    assert found == (RunStretch(3, None, "10", "12"), RunStretch(6, None, "10", "10"))


def test_changes_without_a_position_are_of_a_run_all_the_same() -> None:
    assert stretches([3, 4], [None, None], lambda _: "a") == (RunStretch(3, "a"),)
    assert stretches([], [], lambda _: "a") == ()


def test_two_connectors_that_write_in_turn_are_not_told_apart() -> None:
    offsets = list(range(200))
    positions = [f"{offset % 2 * 500 + offset:03d}" for offset in offsets]

    found = stretches(offsets, positions, lambda index: str(index % 2))

    assert found == (RunStretch(0, None, "000", "699"),)


@pytest.mark.parametrize(
    ("run", "before", "lowest", "begins"),
    [
        ("a", "a", "1", False),
        ("b", "a", "9", True),
        (None, None, "5", False),
        (None, None, "4", True),
        (None, None, None, False),
        ("a", None, "9", True),
    ],
)
def test_a_run_begins_with_another_id_or_by_going_back_without_one(
    run: str | None,
    before: str | None,
    lowest: str | None,
    begins: bool,  # noqa: FBT001 - a parameter
) -> None:
    assert begins_run(RunStretch(7, run, lowest), run=before, highest="5") is begins


@pytest.mark.parametrize(
    ("lowest", "until", "may"),
    [("5", "5", True), ("6", "5", False), ("4", "5", True), ("5", None, False), (None, "5", False)],
)
def test_only_what_is_not_above_the_runs_before_may_repeat(
    lowest: str | None,
    until: str | None,
    may: bool,  # noqa: FBT001 - a parameter
) -> None:
    assert may_repeat(RunStretch(7, "b", lowest), until) is may

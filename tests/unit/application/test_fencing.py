"""How often being fenced is too often."""

from application.fencing import FencingWatch


def fenced(watch: FencingWatch, *moments: tuple[str | None, float]) -> list[bool]:
    return [watch.fenced(writer, now=now) for writer, now in moments]


def test_the_third_time_within_a_minute_by_the_same_writer_is_too_many() -> None:
    assert fenced(FencingWatch(), ("a", 0.0), ("a", 30.0), ("a", 60.0)) == [False, False, True]


def test_three_times_in_more_than_a_minute_are_bad_luck() -> None:
    watch = FencingWatch()

    assert fenced(watch, ("a", 0.0), ("a", 30.0), ("a", 60.1)) == [False, False, False]


def test_the_minute_moves_along() -> None:
    watch = FencingWatch()

    assert fenced(watch, ("a", 0.0), ("a", 59.0), ("a", 61.0), ("a", 62.0)) == [
        False,
        False,
        False,
        True,
    ]


def test_different_writers_are_counted_apart() -> None:
    watch = FencingWatch()

    assert fenced(watch, ("a", 0.0), ("b", 1.0), ("a", 2.0), ("b", 3.0), (None, 4.0)) == [False] * 5


def test_an_unknown_writer_is_one_writer() -> None:
    assert fenced(FencingWatch(), (None, 0.0), (None, 1.0), (None, 2.0))[-1]


def test_every_time_is_counted() -> None:
    watch = FencingWatch()
    fenced(watch, ("a", 0.0), ("b", 1.0), ("a", 1000.0))

    assert watch.count == 3


def test_limit_and_time_can_be_set() -> None:
    watch = FencingWatch(limit=2, within=5.0)

    assert fenced(watch, ("a", 0.0), ("a", 5.1), ("a", 6.0)) == [False, False, True]


def test_what_was_before_a_claim_does_not_count() -> None:
    watch = FencingWatch()
    before = fenced(watch, ("a", 0.0), ("a", 1.0))

    watch.claimed()

    assert [*before, *fenced(watch, ("a", 2.0), ("a", 3.0))] == [False] * 4
    assert (watch.count, *fenced(watch, ("a", 4.0))) == (4, True)

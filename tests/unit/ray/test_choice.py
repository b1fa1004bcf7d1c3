"""Measurements choose where a batch is transformed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ray.choice import (
    BURST_LASTS,
    ENOUGH,
    EXPLORE_EVERY,
    MOST_TOPICS,
    SAMPLES,
    SWITCH_BELOW,
    Engine,
    MeasuredChoice,
    Situation,
)

COSTS = st.floats(min_value=1e-7, max_value=1e-2)


def measured(
    *, decoding: float, shipping: float | None = None, returning: float | None = None
) -> MeasuredChoice:
    """A choice that has seen these seconds a record, often enough."""
    choice = MeasuredChoice()
    measure(choice, decoding=decoding, shipping=shipping, returning=returning)
    return choice


def measure(
    choice: MeasuredChoice,
    *,
    decoding: float | None = None,
    shipping: float | None = None,
    returning: float | None = None,
) -> None:
    """Let `choice` see these, until it has forgotten what was before."""
    for _ in range(SAMPLES):
        if decoding is not None:
            choice.decoded("orders", 1, decoding)
        if shipping is not None:
            choice.shipped("orders", 1, shipping)
        if returning is not None:
            choice.returned("orders", 1, returning)


def test_nothing_goes_away_before_its_own_cost_is_known() -> None:
    choice = MeasuredChoice()
    for _ in range(ENOUGH - 1):
        choice.decoded("orders", 1_000, 1.0)

    assert choice.best("orders", Situation.BURST) is Engine.INPROCESS


def test_a_burst_tries_ray_and_a_quiet_topic_does_not() -> None:
    assert measured(decoding=1e-5).best("orders", Situation.BURST) is Engine.RAY
    assert measured(decoding=1e-5).best("orders", Situation.QUIET) is Engine.INPROCESS


@pytest.mark.parametrize(
    ("decoding", "shipping", "expected"),
    [(30e-6, 5e-6, Engine.RAY), (5e-6, 6e-6, Engine.INPROCESS), (5e-6, 4.5e-6, Engine.INPROCESS)],
    ids=["heavy", "cheap", "hardly worth it"],
)
def test_in_a_burst_the_time_of_this_process_counts(
    decoding: float, shipping: float, expected: Engine
) -> None:
    choice = measured(decoding=decoding, shipping=shipping, returning=1.0)

    assert choice.best("orders", Situation.BURST) is expected


def test_a_batch_that_is_alone_goes_where_it_is_done_sooner() -> None:
    slow_way = measured(decoding=30e-6, shipping=1e-6, returning=50e-6)
    fast_workers = measured(decoding=30e-6, shipping=1e-6, returning=10e-6)

    assert slow_way.best("orders", Situation.QUIET) is Engine.INPROCESS
    assert fast_workers.best("orders", Situation.QUIET) is Engine.RAY


def test_topics_are_judged_each_by_its_own() -> None:
    choice = measured(decoding=30e-6, shipping=1e-6)
    for _ in range(ENOUGH):
        choice.decoded("plain", 1, 1e-6)
        choice.shipped("plain", 1, 2e-6)

    assert choice.best("orders", Situation.BURST) is Engine.RAY
    assert choice.best("plain", Situation.BURST) is Engine.INPROCESS


def test_a_batch_counts_by_its_records() -> None:
    choice = MeasuredChoice()
    for records in (1_000, 2_000, 4_000):
        choice.decoded("orders", records, records * 7e-6)

    assert choice.costs("orders")["decoding"] == pytest.approx(7e-6)


def test_one_slow_batch_changes_nothing() -> None:
    choice = measured(decoding=5e-6, shipping=6e-6)

    choice.decoded("orders", 1, 100.0)

    assert choice.best("orders", Situation.BURST) is Engine.INPROCESS


def test_it_follows_what_changes() -> None:
    choice = measured(decoding=30e-6, shipping=5e-6)
    before = choice.best("orders", Situation.BURST)

    measure(choice, decoding=2e-6)

    assert (before, choice.best("orders", Situation.BURST)) == (Engine.RAY, Engine.INPROCESS)


@given(COSTS, st.lists(st.floats(min_value=SWITCH_BELOW + 0.01, max_value=1.0), max_size=20))
def test_costs_that_are_nearly_the_same_never_make_it_change_its_mind(
    cost: float, shares: list[float]
) -> None:
    choice = measured(decoding=cost, shipping=cost)
    engines = {choice.best("orders", Situation.BURST)}

    for share in shares:
        measure(choice, shipping=cost * share)
        engines.add(choice.best("orders", Situation.BURST))
        measure(choice, decoding=cost, shipping=cost)

    assert engines == {Engine.INPROCESS}


@given(COSTS, COSTS, st.sampled_from([Situation.QUIET, Situation.BURST]))
def test_what_it_settles_on_is_never_much_dearer(
    here: float, there: float, situation: Situation
) -> None:
    choice = measured(decoding=here, shipping=there, returning=there)

    engine = choice.best("orders", situation)

    chosen, other = (here, there) if engine is Engine.INPROCESS else (there, here)
    assert other >= chosen * SWITCH_BELOW


@given(COSTS, COSTS)
def test_both_engines_are_tried_for_ever(here: float, there: float) -> None:
    choice = measured(decoding=here, shipping=there)

    engines = [choice.best("orders", Situation.BURST) for _ in range(2 * EXPLORE_EVERY)]

    settled = max(engines, key=engines.count)
    assert [engine for engine in engines if engine is not settled] == [
        Engine.RAY if settled is Engine.INPROCESS else Engine.INPROCESS
    ] * 2


def test_a_burst_outlasts_a_batch_that_is_alone_for_a_moment() -> None:
    choice = MeasuredChoice()
    alone = choice.situation(others=0)
    burst = choice.situation(others=1)
    after = [choice.situation(others=0) for _ in range(BURST_LASTS)]

    assert (alone, burst) == (Situation.QUIET, Situation.BURST)
    assert after == [Situation.BURST] * (BURST_LASTS - 1) + [Situation.QUIET]


def test_what_is_remembered_of_topics_is_bounded() -> None:
    choice = measured(decoding=1e-6)
    for number in range(MOST_TOPICS):
        choice.decoded(f"topic {number}", 1, 1e-6)

    assert choice.costs("orders")["decoding"] is None

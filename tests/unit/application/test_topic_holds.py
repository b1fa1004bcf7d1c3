"""A held topic's partitions are paused, tried now and then, and let go."""

from collections.abc import Collection, Mapping

import pytest

from application.failure_window import FailureWindow
from application.topic_holds import FIRST_PROBE, LONGEST_PROBE, TopicHolds
from domain.disposition import Tally
from domain.stream import StreamPartition
from domain.transformed import Advance, TransformedBatch
from tests.builders import a_quarantined_record

FIRST = StreamPartition(1, 0, "orders")
SECOND = StreamPartition(1, 1, "orders")
OTHER = StreamPartition(2, 0, "customers")


class ASource:
    """Remembers which partitions are paused."""

    def __init__(self) -> None:
        self.paused: set[StreamPartition] = set()

    def pause(self, partitions: Collection[StreamPartition] | None = None) -> None:
        """Pause, as the port has it."""
        self.paused |= set(partitions or ())

    def resume(self, partitions: Collection[StreamPartition] | None = None) -> None:
        """Resume, as the port has it."""
        self.paused -= set(partitions or ())

    def seek(self, partition: StreamPartition, offset: int) -> bool:
        """Not asked for here."""
        raise NotImplementedError(partition, offset)

    def lag(self) -> Mapping[StreamPartition, int]:
        """Not asked for here."""
        raise NotImplementedError


class Holding:
    """Holds over a source, with a clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.source = ASource()
        window = FailureWindow(min_records=3, silence=10.0)
        self.topics = TopicHolds(self.source, window, lambda: self.now)
        self.topics.claimed([FIRST, SECOND, OTHER])

    def fail(self) -> bool:
        """Have orders fail for long, and judge another failure."""
        self.topics.stored(a_failure(5), ())
        self.now += 10.0
        return self.topics.must_wait(a_failure(1))


def a_transformed(topic: str, **counts: int) -> TransformedBatch:
    tally = Tally(**counts)
    partition = StreamPartition(1, 0, topic)
    return TransformedBatch(
        rows=b"",
        row_count=0,
        days=frozenset(),
        advances=[Advance(partition, 0, tally.total, tally)],
    )


def a_failure(count: int) -> TransformedBatch:
    return a_transformed("orders", quarantined=count)


def test_all_partitions_of_a_topic_in_trouble_are_paused_and_no_others() -> None:
    holding = Holding()

    assert holding.fail()
    assert holding.source.paused == {FIRST, SECOND}
    assert list(holding.topics.reasons) == ["orders"]


def test_what_is_not_in_trouble_need_not_wait() -> None:
    holding = Holding()
    holding.fail()

    assert not holding.topics.must_wait(a_transformed("customers", quarantined=1))
    assert not holding.topics.must_wait(a_transformed("orders", audited=1))


def test_a_partition_that_is_no_longer_ours_is_not_paused() -> None:
    holding = Holding()
    holding.topics.released([SECOND])

    holding.fail()

    assert holding.source.paused == {FIRST}


def test_rows_that_the_database_refuses_are_failures_too() -> None:
    holding = Holding()
    refused = [a_quarantined_record(offset, topic="orders") for offset in range(5)]

    holding.topics.stored(a_transformed("orders", audited=5), refused)
    holding.now += 10.0

    assert holding.topics.must_wait(a_failure(1))


def test_it_is_tried_again_when_its_time_has_come_and_not_before() -> None:
    holding = Holding()
    holding.fail()

    holding.now += FIRST_PROBE / 2 - 0.1
    holding.topics.try_again()
    before = set(holding.source.paused)
    holding.now += FIRST_PROBE / 2 + 0.1
    holding.topics.try_again()

    assert before == {FIRST, SECOND}
    assert holding.source.paused == set()


def test_tries_become_rarer() -> None:
    holding = Holding()
    holding.fail()

    for _ in range(10):
        holding.now += LONGEST_PROBE
        holding.topics.try_again()
        assert holding.topics.must_wait(a_failure(1))
    holding.now += LONGEST_PROBE / 2 - 0.1
    holding.topics.try_again()

    assert holding.source.paused == {FIRST, SECOND}


def test_a_success_that_is_stored_begins_with_frequent_tries_again() -> None:
    holding = Holding()
    holding.fail()
    for _ in range(10):
        holding.now += LONGEST_PROBE
        holding.topics.try_again()
        holding.topics.must_wait(a_failure(1))

    holding.now += LONGEST_PROBE
    holding.topics.try_again()
    holding.topics.must_wait(a_transformed("orders", audited=1))
    holding.topics.stored(a_transformed("orders", audited=1), ())
    holding.fail()
    holding.now += FIRST_PROBE
    holding.topics.try_again()

    assert holding.source.paused == set()


def test_a_topic_of_an_order_is_read_on_at_once() -> None:
    holding = Holding()
    holding.fail()

    holding.topics.heed({"orders": "as ordered"})

    assert holding.source.paused == set()
    assert not holding.topics.must_wait(a_failure(1))
    assert holding.topics.reasons == {}


@pytest.mark.parametrize("topic", ["orders", "never heard of"])
def test_an_order_may_be_given_before_anything_fails(topic: str) -> None:
    holding = Holding()

    holding.topics.heed({topic: "as ordered"})

    assert holding.fail() is (topic != "orders")
    assert holding.topics.orders == {topic: "as ordered"}


def test_an_order_that_has_ended_lets_a_failing_topic_be_held_again() -> None:
    holding = Holding()
    holding.topics.heed({"orders": "as ordered"})
    holding.fail()

    holding.topics.heed({})

    assert holding.topics.must_wait(a_failure(1))
    assert holding.source.paused == {FIRST, SECOND}


def test_what_is_heeded_again_resumes_nothing_that_is_held_for_another_reason() -> None:
    holding = Holding()
    holding.topics.heed({"orders": "as ordered"})
    holding.source.pause([FIRST])

    holding.topics.heed({"orders": "as ordered"})

    assert holding.source.paused == {FIRST}

"""Where an assigned partition is read from: each line of the module's table."""

import pytest

from domain.assignment import Judgement, StoredPosition, judge
from domain.errors import StreamRefusedError
from domain.gap import GapCause
from tests.builders import a_log


def a_position(
    next_offset: int | None = 5, *, topic_id: str | None = "life-1", group: str | None = "us"
) -> StoredPosition:
    return StoredPosition(
        stream_id=1, topic_id=topic_id, next_offset=next_offset, consumer_group=group
    )


def test_a_partition_without_an_offset_begins_at_the_start_of_the_log() -> None:
    assert judge(a_position(None), a_log(log_start=3, log_end=9), group="us") == Judgement(3)


@pytest.mark.parametrize(("start", "end"), [(0, 9), (5, 5), (5, 9), (0, 5)])
def test_an_offset_inside_the_log_is_resumed(start: int, end: int) -> None:
    assert judge(a_position(5), a_log(log_start=start, log_end=end), group="us") == Judgement(5)


def test_nobodys_partition_is_taken() -> None:
    assert judge(a_position(5, group=None), a_log(log_end=9), group="us") == Judgement(5)


def test_a_log_that_starts_behind_the_offset_is_an_expired_gap() -> None:
    judgement = judge(a_position(5), a_log(log_start=8, log_end=9), group="us")

    assert judgement.next_offset == 8
    assert judgement.gap is not None
    assert judgement.gap.cause is GapCause.EXPIRED
    assert (judgement.gap.first_offset, judgement.gap.next_offset) == (5, 8)


def test_a_log_that_ends_before_the_offset_is_refused() -> None:
    with pytest.raises(StreamRefusedError, match=r"up to offset 4.*ends at 3"):
        judge(a_position(5), a_log(log_end=3), group="us")


def test_another_topic_id_is_a_new_stream_even_where_the_log_is_shorter() -> None:
    judgement = judge(a_position(5), a_log(topic_id="life-2", log_end=3), group="us")

    assert judgement.new_stream
    assert judgement.next_offset == 0
    assert judgement.gap is not None
    assert judgement.gap.cause is GapCause.REMADE_TOPIC
    assert judgement.gap.first_offset == judgement.gap.next_offset == 5


def test_a_new_stream_without_anything_before_it_has_no_gap() -> None:
    judgement = judge(a_position(None), a_log(topic_id="life-2"), group="us")

    assert judgement == Judgement(0, new_stream=True)


@pytest.mark.parametrize(("stored", "broker"), [(None, "life-1"), ("life-1", None), (None, None)])
def test_an_unknown_topic_id_makes_no_new_stream(stored: str | None, broker: str | None) -> None:
    judgement = judge(a_position(5, topic_id=stored), a_log(topic_id=broker, log_end=9), group="us")

    assert judgement == Judgement(5)


def test_another_groups_partition_is_refused_whatever_the_log_says() -> None:
    with pytest.raises(StreamRefusedError, match=r"'them'.*'us'"):
        judge(a_position(5, group="them"), a_log(topic_id="life-2"), group="us")

"""
Where a partition that was just assigned is read from, judged from what trail and broker say.

    the trail has no offset ........................ begin at the log's start
    the broker's topic id is another ............... a new stream, from the log's start (a gap)
    the offset lies inside the log ................. resume
    the log starts behind it ....................... a gap of cause ``expired``, then resume
    the log ends before it ......................... refused: re-made or restored, nobody can say
    another consumer group owns it ................. refused: one writer per stream partition
"""

import msgspec

from domain.errors import StreamRefusedError
from domain.gap import Gap, GapCause
from domain.stream import LogPartition


class StoredPosition(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the trail says of one stream partition.

    Attributes:
        stream_id: The stream: the latest incarnation of the topic.
        topic_id: The broker's id of that life of the topic; None where it gave none.
        next_offset: First offset that is not in the trail; None if it has no offset yet.
        consumer_group: Group that owns it; None if nobody does.
    """

    stream_id: int
    topic_id: str | None
    next_offset: int | None
    consumer_group: str | None


class Judgement(msgspec.Struct, frozen=True):
    """
    What is to be done with an assigned partition.

    Attributes:
        next_offset: From where it is read.
        new_stream: Whether the topic begins a new stream, with a new number.
        gap: What is known to be lost, to be recorded; None if nothing.
    """

    next_offset: int
    new_stream: bool = False
    gap: Gap | None = None


def judge(stored: StoredPosition, log: LogPartition, *, group: str) -> Judgement:
    """
    Judge an assigned partition.

    Args:
        stored: What the trail says.
        log: What the broker says.
        group: Our consumer group.

    Raises:
        StreamRefusedError: Going on would hide a loss, or another group owns the partition.
    """
    if stored.consumer_group not in (None, group):
        raise StreamRefusedError(
            log.topic,
            log.partition,
            problem=f"consumer group {stored.consumer_group!r} writes this trail already, and "
            f"we are {group!r}.",
            remedy=f"Use one group for one trail; to replace the other, stop it and run "
            f"`cdc-audit stream take-over {stored.consumer_group} {group}`.",
        )
    if _remade(stored, log):
        gap = None
        if stored.next_offset is not None:
            gap = remade_gap(
                log,
                stored.stream_id,
                stored.topic_id,
                partition=log.partition,
                next_offset=stored.next_offset,
            )
        return Judgement(log.log_start, new_stream=True, gap=gap)
    if stored.next_offset is None:
        return Judgement(log.log_start)
    if log.log_end < stored.next_offset:
        raise StreamRefusedError(
            log.topic,
            log.partition,
            problem=f"the trail has records up to offset {stored.next_offset - 1}, but the log "
            f"ends at {log.log_end}: the topic was made again, or the broker was restored from "
            f"an older state. Reading on would mix two lives of the topic.",
            remedy=f"Find out which; to go on with a new stream from the log's beginning, run "
            f"`cdc-audit stream new-incarnation {log.topic}`.",
        )
    if log.log_start > stored.next_offset:
        return Judgement(log.log_start, gap=_expired_gap(stored, log))
    return Judgement(stored.next_offset)


def _remade(stored: StoredPosition, log: LogPartition) -> bool:
    return None not in (stored.topic_id, log.topic_id) and stored.topic_id != log.topic_id


def remade_gap(
    log: LogPartition,
    stream_id: int,
    old_topic_id: str | None,
    *,
    partition: int,
    next_offset: int,
) -> Gap:
    """
    Make the gap at the end of a partition whose topic was made again.

    Args:
        log: Any partition of the new life.
        stream_id: The old stream.
        old_topic_id: The broker's id of the old life.
        partition: Partition of the old stream.
        next_offset: First offset of it that is not in the trail.
    """
    return Gap(
        stream_id=stream_id,
        partition=partition,
        first_offset=next_offset,
        next_offset=next_offset,
        cause=GapCause.REMADE_TOPIC,
        evidence=f"topic {log.topic} had the id {old_topic_id} and has {log.topic_id} now: it was "
        f"deleted and made again. Whether the old one had records from offset {next_offset} on is "
        f"not known.",
    )


def _expired_gap(stored: StoredPosition, log: LogPartition) -> Gap:
    expected = stored.next_offset or 0
    return Gap(
        stream_id=stored.stream_id,
        partition=log.partition,
        first_offset=expected,
        next_offset=log.log_start,
        cause=GapCause.EXPIRED,
        evidence=f"the log of {log.topic}, partition {log.partition} starts at {log.log_start}, "
        f"the trail was at {expected}: {log.log_start - expected} offsets were deleted before "
        f"they were read (retention, or deleted records).",
    )

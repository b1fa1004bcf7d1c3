"""The offsets of a batch: moved by compare-and-swap, in the transaction of its rows."""

from collections.abc import Mapping, Sequence
from operator import attrgetter

import msgspec

from adapters.postgres.pool import Session
from domain.disposition import Tally
from domain.errors import FencedError
from domain.stream import StreamPartition
from domain.transformed import Advance

# The rows are locked in sorted order before any is updated: two writers cannot wait for each
# other. A row that another transaction moved meanwhile is looked at again, and no longer matches.
_MOVE = """
WITH moved AS MATERIALIZED (
    SELECT o.stream_id, o.partition, m.next_offset, m.audited, m.baseline, m.control, m.skipped,
        m.quarantined, m.absent
    FROM kafka_offset AS o
    JOIN unnest(
        %s::integer [], %s::integer [], %s::bigint [], %s::bigint [], %s::bigint [], %s::bigint [],
        %s::bigint [], %s::bigint [], %s::bigint [], %s::bigint []
    ) AS m (
        stream_id, partition, expected, next_offset, audited, baseline, control, skipped,
        quarantined, absent
    ) ON o.stream_id = m.stream_id AND o.partition = m.partition AND o.next_offset = m.expected
    ORDER BY o.stream_id, o.partition
    FOR UPDATE OF o
)
UPDATE kafka_offset AS o
SET next_offset = m.next_offset, audited = o.audited + m.audited,
    baseline = o.baseline + m.baseline, control = o.control + m.control,
    skipped = o.skipped + m.skipped, quarantined = o.quarantined + m.quarantined,
    absent = o.absent + m.absent, writer = %s, moved_at = clock_timestamp()
FROM moved AS m
WHERE o.stream_id = m.stream_id AND o.partition = m.partition
"""

_CORRECT = """
UPDATE kafka_offset
SET audited = audited + %s, baseline = baseline + %s, control = control + %s,
    quarantined = quarantined + %s
WHERE stream_id = %s AND partition = %s
"""

_READ = """
SELECT o.stream_id, o.partition, o.next_offset, o.writer
FROM kafka_offset AS o
JOIN unnest(%s::integer [], %s::integer []) AS a (stream_id, partition) USING (stream_id, partition)
"""

_COUNTS = ("audited", "baseline", "control", "skipped", "quarantined", "absent")


class StoredOffset(msgspec.Struct, frozen=True):
    """
    Where the trail stands in one stream partition.

    Attributes:
        next_offset: First offset that is not in the trail.
        writer: Token of the process that claimed or moved it last.
    """

    next_offset: int
    writer: str | None


async def move_offsets(session: Session, advances: Sequence[Advance], writer: str) -> bool:
    """
    Move all offsets of a batch and add its tallies.

    Returns:
        Whether all of them stood where the batch expects; if not, roll back.
    """
    ordered = sorted(advances, key=attrgetter("partition"))
    cursor = await session.execute(
        _MOVE,
        [
            [a.partition.stream_id for a in ordered],
            [a.partition.partition for a in ordered],
            [a.expected for a in ordered],
            [a.next_offset for a in ordered],
            *([getattr(a.tally, name) for a in ordered] for name in _COUNTS),
            writer,
        ],
    )
    return cursor.rowcount == len(ordered)


async def correct_tallies(session: Session, corrections: Mapping[tuple[int, int], Tally]) -> None:
    """Add `corrections`, each with the total 0, to offsets that this transaction has moved."""
    for (stream_id, partition), change in sorted(corrections.items()):
        await session.execute(
            _CORRECT,
            [
                change.audited,
                change.baseline,
                change.control,
                change.quarantined,
                stream_id,
                partition,
            ],
        )


async def is_stored(session: Session, advances: Sequence[Advance], writer: str) -> bool:
    """
    Find out why the offsets of a batch did not move.

    Returns:
        True: all of it was stored before, by this writer; only the answer was lost.

    Raises:
        FencedError: Another writer has moved them.
    """
    stored = await _read_offsets(session, [a.partition for a in advances])
    strangers = [
        offset.writer
        for advance in advances
        if (offset := stored.get(_key(advance.partition)))
        and (offset.next_offset, offset.writer) != (advance.next_offset, writer)
    ]
    if len(stored) == len(advances) and not strangers:
        return True
    positions = {key: offset.next_offset for key, offset in stored.items()}
    others = [name for name in strangers if name not in (None, writer)]
    raise FencedError(positions, writer=others[0] if others else None)


async def _read_offsets(
    session: Session, partitions: Sequence[StreamPartition]
) -> Mapping[tuple[int, int], StoredOffset]:
    cursor = await session.execute(
        _READ, [[p.stream_id for p in partitions], [p.partition for p in partitions]]
    )
    return {
        (stream_id, partition): StoredOffset(next_offset, writer)
        async for stream_id, partition, next_offset, writer in cursor
    }


def _key(partition: StreamPartition) -> tuple[int, int]:
    return partition.stream_id, partition.partition

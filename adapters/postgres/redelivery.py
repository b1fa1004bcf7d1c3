"""
Marks what the connector delivered again, in the transaction of the rows.

    stretch of a batch ──▶ run known? ──▶ above what the runs before had reached? ──▶ nothing to do
                             │ no             │ no
                             ▼                ▼
                        audit_run        look for the same changes ──▶ audit_redelivery

While positions rise nothing is read back: the last run of each stream partition is remembered. What
is remembered holds only where the offsets stand as it says, so a transaction that was rolled back,
or another writer, makes it be read anew.
"""

import logging
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import msgspec
import psycopg

from adapters.postgres.pool import Session
from domain.redelivery import (
    Delivery,
    Redelivery,
    RunStretch,
    begins_run,
    may_repeat,
    repeats,
    stands_alone,
)
from domain.transformed import Advance

logger = logging.getLogger(__name__)

_LAST_RUN = """
SELECT r.run_id, r.first_offset, r.repeats_until, CASE WHEN r.run_id IS NULL THEN (
    SELECT max(t.source_position COLLATE "C") FROM audit_logging AS t
    WHERE t.stream_id = r.stream_id AND t.kafka_partition = r.kafka_partition
        AND t.kafka_offset >= r.first_offset AND t.kafka_offset < %(before)s
) END
FROM audit_run AS r
WHERE r.stream_id = %(stream)s AND r.kafka_partition = %(partition)s
    AND r.first_offset < %(before)s
ORDER BY r.first_offset DESC LIMIT 1
"""

_BEGIN = """
WITH reached AS (
    SELECT audit_highest_before(%(stream)s, %(partition)s, %(first)s, %(run)s) AS highest
), begun AS (
    INSERT INTO audit_run (stream_id, kafka_partition, first_offset, run_id, repeats_until)
    SELECT %(stream)s, %(partition)s, %(first)s, %(run)s, highest FROM reached
)
SELECT highest FROM reached
"""

# The next row of the same run: from there on nothing is looked for any more.
_WENT_BACK = """
INSERT INTO audit_run (stream_id, kafka_partition, first_offset, run_id, remark)
SELECT %(stream)s, %(partition)s, %(next)s, %(run)s, %(remark)s
WHERE audit_went_back(%(stream)s, %(partition)s, %(first)s, %(from)s, %(next)s)
ON CONFLICT DO NOTHING
"""

# Long before a silent server is taken for a dead one.
_LIMIT = "SET LOCAL statement_timeout TO '10s'"
_NO_LIMIT = "SET LOCAL statement_timeout TO DEFAULT"
_PIECE = 5_000

_DELIVERIES = """
SELECT kafka_partition, kafka_offset, run, run_order, has_run_id, identity, content,
    transaction_order, collection_order, connector, operation, has_key
FROM audit_deliveries(%s, %s, %s, %s, %s)
"""

_MARK = """
INSERT INTO audit_redelivery (
    stream_id, kafka_partition, kafka_offset, first_stream_id, first_kafka_partition,
    first_kafka_offset, certainty, evidence
)
SELECT * FROM unnest(
    %s::integer [], %s::integer [], %s::bigint [], %s::integer [], %s::integer [], %s::bigint [],
    %s::text [], %s::text []
)
ON CONFLICT DO NOTHING
"""


class Interval(msgspec.Struct, frozen=True):
    """
    Rows of a stream partition that may repeat others.

    Attributes:
        stream_id: The stream.
        partition: Partition of the topic.
        first_offset: Offset of the first.
        next_offset: Offset behind the last.
        repeats_until: Rows of a greater source position repeat nothing.
    """

    stream_id: int
    partition: int
    first_offset: int
    next_offset: int
    repeats_until: str


class _LastRun(msgspec.Struct, frozen=True):
    """The last run of a stream partition: its id, what it may repeat, what it has reached."""

    run: str | None
    first_offset: int
    repeats_until: str | None
    highest: str | None
    next_offset: int


class RedeliveryMarker:
    """Marks redeliveries of the batches that one store writes."""

    def __init__(self) -> None:
        self._last: dict[tuple[int, int], _LastRun] = {}

    async def mark(self, session: Session, advances: Sequence[Advance]) -> None:
        """Look at the rows of a batch, which this transaction has stored."""
        for advance in advances:
            key = advance.partition.stream_id, advance.partition.partition
            last = self._last.pop(key, None)
            if last is not None and last.next_offset != advance.expected:
                last = None
            if advance.runs:
                last = await _marked(session, advance, last)
            if last is not None:
                next_offset = advance.next_offset
                self._last[key] = msgspec.structs.replace(last, next_offset=next_offset)


async def _marked(session: Session, advance: Advance, last: _LastRun | None) -> _LastRun | None:
    last = last or await _read(session, advance)
    ends = [after.first_offset for _, after in pairwise(advance.runs)]
    for stretch, end in zip(advance.runs, [*ends, advance.next_offset], strict=True):
        if last is None or begins_run(stretch, run=last.run, highest=last.highest):
            last = await _begin(session, advance, stretch)
        if last.repeats_until is not None and may_repeat(stretch, last.repeats_until):
            interval = Interval(
                advance.partition.stream_id,
                advance.partition.partition,
                stretch.first_offset,
                end,
                last.repeats_until,
            )
            if await _mark_all(session, interval) == 0 and await _went_back(
                session, interval, stretch, last
            ):
                last = msgspec.structs.replace(last, repeats_until=None)
        highest = max(filter(None, (last.highest, stretch.highest)), default=None)
        last = msgspec.structs.replace(last, highest=highest)
    return last


async def _read(session: Session, advance: Advance) -> _LastRun | None:
    cursor = await session.execute(
        _LAST_RUN,
        {
            "stream": advance.partition.stream_id,
            "partition": advance.partition.partition,
            "before": advance.expected,
        },
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    run, first_offset, repeats_until, highest = row
    return _LastRun(run, first_offset, repeats_until, highest, advance.expected)


async def _begin(session: Session, advance: Advance, stretch: RunStretch) -> _LastRun:
    cursor = await session.execute(
        _BEGIN,
        {
            "stream": advance.partition.stream_id,
            "partition": advance.partition.partition,
            "first": stretch.first_offset,
            "run": stretch.run,
        },
    )
    row = await cursor.fetchone()
    repeats_until = row[0] if row else None
    return _LastRun(stretch.run, stretch.first_offset, repeats_until, None, advance.expected)


async def _mark_all(session: Session, interval: Interval) -> int | None:
    """
    Mark the repetitions of `interval`, some rows at a time.

    Returns:
        How many there are. None if it took too long: rows are stored, marked or not, and the
        command that verifies marks makes up for it.
    """
    count = 0
    for start in range(interval.first_offset, interval.next_offset, _PIECE):
        end = min(start + _PIECE, interval.next_offset)
        piece = msgspec.structs.replace(interval, first_offset=start, next_offset=end)
        try:
            async with session.transaction():
                await session.execute(_LIMIT)
                found = await find_repeats(session, piece)
                await store_marks(session, found)
                await session.execute(_NO_LIMIT)
        except psycopg.errors.QueryCanceled:
            logger.warning(
                "redeliveries were not looked for, as it takes too long",
                extra={
                    "stream_id": piece.stream_id,
                    "partition": piece.partition,
                    "first_offset": start,
                    "next_offset": interval.next_offset,
                    "remedy": "cdc-audit verify redeliveries --recompute",
                },
            )
            return None
        count += len(found)
    return count


async def _went_back(
    session: Session, interval: Interval, stretch: RunStretch, last: _LastRun
) -> bool:
    """Note it where all changes are below what was reached, and newer: no repetitions come then."""
    if stretch.highest is None or stretch.highest > interval.repeats_until:
        return False
    cursor = await session.execute(
        _WENT_BACK,
        {
            "stream": interval.stream_id,
            "partition": interval.partition,
            "first": last.first_offset,
            "from": interval.first_offset,
            "next": interval.next_offset,
            "run": last.run,
            "remark": (
                f"newer changes at lower positions: {stretch.lowest} to {stretch.highest}, where "
                f"{interval.repeats_until} was reached before. A failover, or another source"
            ),
        },
    )
    return cursor.rowcount > 0


async def find_repeats(session: Session, interval: Interval) -> Sequence[Redelivery]:
    """Find which rows of `interval` were delivered before."""
    cursor = await session.execute(
        _DELIVERIES,
        [
            interval.stream_id,
            interval.partition,
            interval.first_offset,
            interval.next_offset,
            interval.repeats_until,
        ],
    )
    deliveries = [_delivery(interval.stream_id, row) async for row in cursor]
    first = (interval.stream_id, interval.partition, interval.first_offset)
    end = (interval.stream_id, interval.partition, interval.next_offset)
    return [found for found in repeats(deliveries) if first <= found.later < end]


async def store_marks(session: Session, found: Iterable[Redelivery]) -> None:
    """Mark rows; a mark that is there already stays as it is."""
    rows = [(*f.later, *f.first, f.certainty.value, f.evidence) for f in found]
    if rows:
        await session.execute(_MARK, [list(column) for column in zip(*rows, strict=True)])


def _delivery(stream_id: int, row: tuple[Any, ...]) -> Delivery:
    partition, offset, run, run_order, has_run_id, identity, content, *rest = row
    transaction_order, collection_order, connector, operation, has_key = rest
    return Delivery(
        place=(stream_id, partition, offset),
        run=run,
        run_order=run_order,
        has_run_id=has_run_id,
        identity=identity,
        content=content,
        order=(transaction_order, collection_order),
        is_alone=stands_alone(connector, operation, has_key=has_key),
    )

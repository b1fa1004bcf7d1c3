"""
What was committed after a cursor. The cursor is the vector of all next offsets.

Offsets move in the transaction of their rows, so in one snapshot the rows below the vector are all
there, and none above it are: whichever writer commits first, nothing is skipped or repeated.
"""

import heapq
from collections.abc import Iterator, Sequence

from psycopg import sql

from adapters.postgres.planned import IN_ORDER, KEPT, planned_rows
from adapters.postgres.pool import Session
from adapters.postgres.stored_rows import SELECTED, stored_record
from adapters.postgres.trail_filters import Filter
from application.trail_query import Cursor, StoredRecord

_PartitionKey = tuple[int, int]

_VECTOR = """
SELECT stream_id, partition, first_offset, next_offset FROM kafka_offset
ORDER BY stream_id, partition
"""

# As many rows of each partition as may be wanted: which of them come first is not known yet.
_SINCE = sql.SQL("""
SELECT found.*
FROM unnest(
    %(streams)s::integer [], %(partitions)s::integer [], %(from_offsets)s::bigint [],
    %(to_offsets)s::bigint []
) AS part (stream_id, partition, from_offset, to_offset)
JOIN kafka_stream AS s ON s.stream_id = part.stream_id
CROSS JOIN LATERAL (
    SELECT {selected}
    FROM audit_logging AS t
    WHERE t.stream_id = part.stream_id AND t.kafka_partition = part.partition
        AND t.kafka_offset >= part.from_offset AND t.kafka_offset < part.to_offset
        AND {where}
    ORDER BY t.kafka_offset
    LIMIT %(limit)s
) AS found
""")


async def read_vector(session: Session) -> Sequence[tuple[int, int, int, int]]:
    """Give stream, partition, first and next offset of every stream partition, sorted."""
    cursor = await session.execute(_VECTOR)
    return [(row[0], row[1], row[2], row[3]) async for row in cursor]


async def read_since(
    session: Session, cursor: Cursor, wanted: Filter, *, limit: int
) -> tuple[Sequence[StoredRecord], Cursor]:
    """
    Read at most `limit` records behind `cursor`, and the cursor behind them.

    Args:
        session: In a transaction with one snapshot for all its statements.
        cursor: Partitions that it lacks are read from their first offset.
        wanted: Which records.
        limit: At most so many.
    """
    known = {(stream, partition): offset for stream, partition, offset in cursor.offsets}
    vector = await read_vector(session)
    ends = {(stream, partition): end for stream, partition, _, end in vector}
    starts = {(s, p): known.get((s, p), first) for s, p, first, _ in vector}
    moved = {key: (starts[key], end) for key, end in ends.items() if starts[key] < end}
    if not moved:
        return (), _cursor(ends, starts)
    queues = await _read(session, moved, wanted, limit)
    chosen: list[StoredRecord] = []
    reached = dict(ends)
    for stored in _merged(queues):
        key = (stored.record.stream_id, stored.record.kafka_partition)
        if len(chosen) == limit:
            reached[key] = min(reached[key], stored.record.kafka_offset)
        else:
            chosen.append(stored)
    for key, queue in queues.items():  # cut off by the LIMIT: there may be more behind
        if len(queue) == limit:
            reached[key] = min(reached[key], queue[-1].record.kafka_offset + 1)
    return sorted(chosen, key=lambda stored: stored.place), _cursor(reached, starts)


async def _read(
    session: Session,
    moved: dict[_PartitionKey, tuple[int, int]],
    wanted: Filter,
    limit: int,
) -> dict[_PartitionKey, list[StoredRecord]]:
    statement = _SINCE.format(selected=SELECTED, where=wanted.where)
    parameters = {
        **wanted.parameters,
        "streams": [stream for stream, _ in moved],
        "partitions": [partition for _, partition in moved],
        "from_offsets": [start for start, _ in moved.values()],
        "to_offsets": [end for _, end in moved.values()],
        "limit": limit,
    }
    queues: dict[_PartitionKey, list[StoredRecord]] = {key: [] for key in moved}
    for row in await planned_rows(session, {**KEPT, **IN_ORDER}, statement, parameters):
        stored = stored_record(row)
        queues[stored.record.stream_id, stored.record.kafka_partition].append(stored)
    for queue in queues.values():
        queue.sort(key=lambda stored: stored.record.kafka_offset)
    return queues


def _merged(queues: dict[_PartitionKey, list[StoredRecord]]) -> Iterator[StoredRecord]:
    """
    Take from all partitions in turn, the earliest change first, each in the order of its offsets.

    Of each partition what is taken is then the beginning of what there is: a cursor can say so.
    """
    heads = [(queue[0].place, key, 0) for key, queue in queues.items() if queue]
    heapq.heapify(heads)
    while heads:
        _, key, at = heapq.heappop(heads)
        queue = queues[key]
        yield queue[at]
        if at + 1 < len(queue):
            heapq.heappush(heads, (queue[at + 1].place, key, at + 1))


def _cursor(reached: dict[_PartitionKey, int], starts: dict[_PartitionKey, int]) -> Cursor:
    # A cursor never goes back, not even if it came from another database.
    return Cursor(
        tuple(sorted((s, p, max(offset, starts[s, p])) for (s, p), offset in reached.items()))
    )

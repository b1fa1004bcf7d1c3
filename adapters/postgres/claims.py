"""
Claims: which stream an assigned partition belongs to, and from where it is read.

Judged by `domain.assignment`. One claim at a time in a trail, so that two instances that see a
re-made topic at once give it one new stream, not two.
"""

from collections.abc import Mapping, Sequence

import msgspec

from adapters.postgres.batch_rows import record_gaps
from adapters.postgres.pool import Session
from domain.assignment import Judgement, StoredPosition, judge, remade_gap
from domain.stream import Claim, LogPartition, StreamPartition

_LOCK = """
SELECT pg_advisory_xact_lock(hashtextextended('cdc-audit claims ' || current_schema(), 0))
"""

# Whoever had them may still be storing: what is judged must be what is taken. In sorted order, as
# batches lock them.
_LOCK_OFFSETS = """
SELECT FROM kafka_offset AS o
JOIN kafka_stream AS s USING (stream_id)
JOIN unnest(%s::text [], %s::text [], %s::integer []) AS a (cluster_id, topic, partition)
    ON s.cluster_id = a.cluster_id AND s.topic = a.topic AND o.partition = a.partition
ORDER BY o.stream_id, o.partition
FOR UPDATE OF o
"""

_STREAMS = """
SELECT DISTINCT ON (s.cluster_id, s.topic)
    s.stream_id, s.cluster_id, s.topic, s.incarnation, s.topic_id
FROM kafka_stream AS s
JOIN unnest(%s::text [], %s::text []) AS a (cluster_id, topic) USING (cluster_id, topic)
ORDER BY s.cluster_id, s.topic, s.incarnation DESC
"""

_OFFSETS = """
SELECT stream_id, partition, next_offset, consumer_group FROM kafka_offset
WHERE stream_id = ANY(%s::integer [])
"""

_NEW_STREAM = """
INSERT INTO kafka_stream (cluster_id, topic, incarnation, topic_id) VALUES (%s, %s, %s, %s)
RETURNING stream_id
"""

_NAME_STREAM = "UPDATE kafka_stream SET topic_id = %s WHERE stream_id = %s AND topic_id IS NULL"

_NEW_OFFSET = """
INSERT INTO kafka_offset (stream_id, partition, first_offset, next_offset)
VALUES (%(stream)s, %(partition)s, %(start)s, %(start)s)
ON CONFLICT DO NOTHING
"""

_TAKE = """
UPDATE kafka_offset
SET consumer_group = %(group)s, writer = %(writer)s,
    absent = absent + %(start)s - next_offset, next_offset = %(start)s,
    moved_at = CASE WHEN next_offset = %(start)s THEN moved_at ELSE clock_timestamp() END
WHERE stream_id = %(stream)s AND partition = %(partition)s
"""

_BEGIN = """
UPDATE audit_state SET begun_at = clock_timestamp(), begun_with = %s, begun_by = %s
WHERE begun_at IS NULL
"""

_GIVE_UP = """
UPDATE kafka_offset AS o SET writer = NULL
FROM unnest(%s::integer [], %s::integer []) AS a (stream_id, partition)
WHERE o.stream_id = a.stream_id AND o.partition = a.partition AND o.writer = %s
"""

_Topic = tuple[str, str]


class _Stream(msgspec.Struct, frozen=True):
    stream_id: int
    incarnation: int
    topic_id: str | None


class _Known(msgspec.Struct, frozen=True):
    """What the trail knows of the topics that were asked for."""

    streams: Mapping[_Topic, _Stream]
    offsets: Mapping[tuple[int, int], tuple[int, str | None]]

    def position(self, log: LogPartition) -> StoredPosition | None:
        stream = self.streams.get(_topic(log))
        if stream is None:
            return None
        own = self.offsets.get((stream.stream_id, log.partition))
        groups = [
            group for (s, _), (_, group) in self.offsets.items() if s == stream.stream_id and group
        ]
        return StoredPosition(
            stream_id=stream.stream_id,
            topic_id=stream.topic_id,
            next_offset=own[0] if own else None,
            consumer_group=own[1] if own and own[1] else next(iter(groups), None),
        )


async def begin_trail(
    session: Session, partitions: Sequence[LogPartition], *, reset: str, group: str
) -> bool:
    """Begin the trail, in the caller's transaction. See the port."""
    await session.execute(_LOCK)
    if (await session.execute(_BEGIN, [reset, group])).rowcount == 0:
        return False
    known = await _read(session, partitions)
    for log in partitions:
        start = log.log_end if reset == "latest" else log.log_start
        stream = known.streams.get(_topic(log)) or await _new_stream(session, log, known)
        known = msgspec.structs.replace(known, streams={**known.streams, _topic(log): stream})
        await session.execute(
            _NEW_OFFSET,
            {"stream": stream.stream_id, "partition": log.partition, "start": start},
        )
    return True


async def claim_partitions(
    session: Session, partitions: Sequence[LogPartition], *, group: str, writer: str
) -> Sequence[Claim]:
    """Claim all of `partitions` or none, in the caller's transaction. See the port."""
    await session.execute(_LOCK)
    await session.execute(_BEGIN, ["claim", group])
    await _lock_offsets(session, partitions)
    known = await _read(session, partitions)
    judged = [(log, _judge(known.position(log), log, group)) for log in partitions]
    streams = dict(known.streams)
    for log, judgement in judged:
        stream = streams.get(_topic(log))
        if stream is None or (judgement.new_stream and stream is known.streams.get(_topic(log))):
            streams[_topic(log)] = await _new_stream(session, log, known)
        elif stream.topic_id is None and log.topic_id is not None:
            await session.execute(_NAME_STREAM, [log.topic_id, stream.stream_id])
    claims: list[Claim] = []
    for log, judgement in sorted(judged, key=lambda pair: (pair[0].topic, pair[0].partition)):
        stream_id = streams[_topic(log)].stream_id
        await _take(session, log, judgement, stream_id=stream_id, owner=(group, writer))
        partition = StreamPartition(stream_id, log.partition, log.topic)
        claims.append(Claim(partition, judgement.next_offset, log.compacted))
    return claims


async def give_up_partitions(
    session: Session, partitions: Sequence[StreamPartition], *, writer: str
) -> None:
    """Let nobody write `partitions`, as far as `writer` does. See the port."""
    await session.execute(
        _GIVE_UP,
        [[p.stream_id for p in partitions], [p.partition for p in partitions], writer],
    )


async def _lock_offsets(session: Session, partitions: Sequence[LogPartition]) -> None:
    clusters = [log.cluster_id for log in partitions]
    topics = [log.topic for log in partitions]
    numbers = [log.partition for log in partitions]
    await session.execute(_LOCK_OFFSETS, [clusters, topics, numbers])


def _judge(stored: StoredPosition | None, log: LogPartition, group: str) -> Judgement:
    return Judgement(log.log_start) if stored is None else judge(stored, log, group=group)


async def _take(
    session: Session,
    log: LogPartition,
    judgement: Judgement,
    *,
    stream_id: int,
    owner: tuple[str, str],
) -> None:
    values = {
        "stream": stream_id,
        "partition": log.partition,
        "start": judgement.next_offset,
        "group": owner[0],
        "writer": owner[1],
    }
    await session.execute(_NEW_OFFSET, values)
    await session.execute(_TAKE, values)
    if judgement.gap and not judgement.new_stream:
        await record_gaps(session, [judgement.gap])


async def _new_stream(session: Session, log: LogPartition, known: _Known) -> _Stream:
    old = known.streams.get(_topic(log))
    incarnation = old.incarnation + 1 if old else 1
    cursor = await session.execute(
        _NEW_STREAM, [log.cluster_id, log.topic, incarnation, log.topic_id]
    )
    row = await cursor.fetchone()
    if row is None:
        raise AssertionError("INSERT ... RETURNING gives a row")
    if old:  # every partition of the old life ends here, whoever read it
        ends = [
            (partition, next_offset)
            for (stream_id, partition), (next_offset, _) in sorted(known.offsets.items())
            if stream_id == old.stream_id
        ]
        gaps = [
            remade_gap(log, old.stream_id, old.topic_id, partition=p, next_offset=n)
            for p, n in ends
        ]
        await record_gaps(session, gaps)
    return _Stream(int(row[0]), incarnation, log.topic_id)


async def _read(session: Session, partitions: Sequence[LogPartition]) -> _Known:
    topics = sorted({_topic(log) for log in partitions})
    cursor = await session.execute(_STREAMS, [[c for c, _ in topics], [t for _, t in topics]])
    streams = {
        (cluster, topic): _Stream(stream_id, incarnation, topic_id)
        async for stream_id, cluster, topic, incarnation, topic_id in cursor
    }
    cursor = await session.execute(_OFFSETS, [[s.stream_id for s in streams.values()]])
    offsets = {
        (stream_id, partition): (next_offset, group)
        async for stream_id, partition, next_offset, group in cursor
    }
    return _Known(streams, offsets)


def _topic(log: LogPartition) -> _Topic:
    return log.cluster_id, log.topic

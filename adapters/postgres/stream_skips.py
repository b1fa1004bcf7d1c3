"""
What an operator orders where a partition cannot be read on: to move the trail forward, as a gap.

    find ──▶ lock ──▶ does a service write it now? ──▶ gap and offset, in one transaction

Runs with the rights of the user itself, not with the writer's: the service cannot do it.
"""

import msgspec
import psycopg

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.stream_orders import Row, choose_cluster, connected, known_clusters
from domain.errors import RepositoryError
from domain.gap import GapCause

_FIND = """
SELECT o.stream_id, o.next_offset, o.writer
FROM kafka_stream AS s JOIN kafka_offset AS o USING (stream_id)
WHERE s.cluster_id = %s AND s.topic = %s AND o.partition = %s
ORDER BY s.incarnation DESC LIMIT 1
FOR UPDATE OF o
"""

_SESSIONS = """
SELECT a.pid, coalesce(a.client_addr::text, 'a local socket'), a.backend_start::timestamptz(0)::text
FROM pg_stat_activity AS a WHERE a.application_name = 'cdc-audit ' || %s
ORDER BY a.backend_start LIMIT 1
"""

_SKIP = "SELECT audit_skip(%s, %s, %s, %s, %s)"


class Skip(msgspec.Struct, frozen=True, kw_only=True):
    """
    The order to move one partition of the trail forward.

    Attributes:
        topic: Name of the topic; its latest life is meant.
        partition: Partition of the topic.
        to_offset: Where the trail is to stand.
        reason: Why, in the operator's words.
        from_offset: Where the trail must stand before; None for wherever it stands.
        cause: OPERATOR_SKIP, or CORRUPT where the log is damaged.
        cluster_id: The cluster, where the trail knows the topic of several.
    """

    topic: str
    partition: int
    to_offset: int
    reason: str
    from_offset: int | None = None
    cause: GapCause = GapCause.OPERATOR_SKIP
    cluster_id: str | None = None


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """
    What was moved.

    Attributes:
        gap_id: Number of the gap that tells of it.
        stream_id: The stream.
        first_offset: Where the trail stood.
        next_offset: Where it stands.
    """

    gap_id: int
    stream_id: int
    first_offset: int
    next_offset: int


class RunningWriterError(RepositoryError):
    """A running service writes the partition. Retryable: one that stopped at damage lets go."""


def skip_offsets(config: DatabaseConfig, order: Skip) -> Skipped:
    """
    Move the trail forward over offsets that will not be in it.

    Raises:
        RunningWriterError: A running service writes the partition; its text says which.
        RepositoryError: The partition is unknown, the trail stands elsewhere, or the user may not
            do this.
        ConnectionError: The database cannot be reached.
    """
    if not order.reason.strip():
        raise RepositoryError("the reason is missing: it is kept with the gap that this makes.")
    with connected(config) as connection:
        cluster = choose_cluster(
            order.topic, known_clusters(connection, order.topic), order.cluster_id
        )
        values = [cluster, order.topic, order.partition]
        found = connection.execute(_FIND.encode(), values).fetchone()
        if found is None:
            raise RepositoryError(
                f"the trail has no partition {order.partition} of topic {order.topic}. "
                f"`cdc-audit stream list` shows what it has."
            )
        stream_id, stands, writer = int(str(found[0])), int(str(found[1])), found[2]
        _refuse_running(connection, order, writer)
        _refuse_elsewhere(order, stands)
        skipped = [stream_id, order.partition, order.to_offset, order.cause.value, order.reason]
        row = connection.execute(_SKIP.encode(), skipped).fetchone()
        if row is None:
            raise AssertionError("a function gives a row")
        return Skipped(
            gap_id=int(str(row[0])),
            stream_id=stream_id,
            first_offset=stands,
            next_offset=order.to_offset,
        )


def _refuse_running(connection: psycopg.Connection[Row], order: Skip, writer: object) -> None:
    session = connection.execute(_SESSIONS.encode(), [writer]).fetchone()
    if session is not None:
        pid, address, since = session
        raise RunningWriterError(
            f"topic {order.topic}, partition {order.partition}: the service 'cdc-audit {writer}' "
            f"(its session {pid}, from {address}, since {since}) writes it now. Stop that service "
            f"first. One that has stopped at damage there lets go of the partition by itself."
        )


def _refuse_elsewhere(order: Skip, stands: int) -> None:
    where = f"topic {order.topic}, partition {order.partition}: the trail stands at offset {stands}"
    if order.from_offset not in (None, stands):
        raise RepositoryError(
            f"{where}, not at {order.from_offset}. Nothing was skipped: look again what is wrong."
        )
    if order.to_offset <= stands:
        raise RepositoryError(f"{where}: it cannot go back to {order.to_offset}.")

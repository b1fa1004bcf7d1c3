"""
What an operator orders about streams: begin a new one, or hand one to another consumer group.

Both run with the rights of the user itself, not with the writer's: the service cannot do them.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

import msgspec
import psycopg
from psycopg.rows import class_row

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.driver_errors import as_repository_error
from adapters.postgres.pool import Access, session_settings
from domain.errors import RepositoryError

Row = tuple[object, ...]

_LIST = """
SELECT s.stream_id, s.cluster_id, s.topic, s.incarnation, s.topic_id, o.partition,
    o.first_offset, o.next_offset, o.consumer_group,
    EXISTS (
        SELECT FROM pg_stat_activity AS a WHERE a.application_name = 'cdc-audit ' || o.writer
    ) AS is_running
FROM kafka_stream AS s JOIN kafka_offset AS o USING (stream_id)
WHERE s.cluster_id <> 'cdc-audit'
ORDER BY s.topic, s.cluster_id, s.incarnation, o.partition
"""

_CLUSTERS = "SELECT DISTINCT cluster_id FROM kafka_stream WHERE topic = %s ORDER BY 1"

_RUNNING = """
SELECT count(*) FROM kafka_offset AS o JOIN kafka_stream AS s USING (stream_id)
WHERE (o.consumer_group = %(group)s OR s.topic = %(topic)s) AND EXISTS (
    SELECT FROM pg_stat_activity AS a WHERE a.application_name = 'cdc-audit ' || o.writer
)
"""


class StreamStanding(msgspec.Struct, frozen=True, kw_only=True):
    """
    Where the trail stands in one stream partition, and who writes it.

    Attributes:
        stream_id: The stream.
        cluster_id: Id of the Kafka cluster.
        topic: Name of the topic.
        incarnation: Which life of the topic, from 1.
        topic_id: The broker's own id of this life; None where it gave none.
        partition: Partition of the topic.
        first_offset: First offset that the trail answers for.
        next_offset: First offset that is not in the trail.
        consumer_group: The group that may write it; None before the first.
        is_running: Whether the process that wrote it last is connected now.
    """

    stream_id: int
    cluster_id: str
    topic: str
    incarnation: int
    topic_id: str | None
    partition: int
    first_offset: int
    next_offset: int
    consumer_group: str | None
    is_running: bool


def list_streams(config: DatabaseConfig) -> Sequence[StreamStanding]:
    """
    List every stream partition of the trail.

    Raises:
        RepositoryError: There are no tables, or the database refused.
        ConnectionError: The database cannot be reached.
    """
    with connected(config) as connection:
        cursor = connection.cursor(row_factory=class_row(StreamStanding))
        return cursor.execute(_LIST.encode()).fetchall()


def begin_incarnation(config: DatabaseConfig, topic: str, *, cluster_id: str | None) -> int:
    """
    End the stream of `topic` here, as a gap, and begin a new one from its log's beginning.

    Args:
        config: The trail's database.
        topic: A topic that was made again, or whose broker was restored.
        cluster_id: The cluster, where the trail knows the topic of several.

    Returns:
        Number of the new stream.

    Raises:
        RepositoryError: The topic is unknown or ambiguous, a service still writes it, or the user
            may not do this.
        ConnectionError: The database cannot be reached.
    """
    with connected(config) as connection:
        chosen = choose_cluster(topic, known_clusters(connection, topic), cluster_id)
        _refuse_running(connection, topic=topic, what=f"topic {topic}")
        return _call(connection, b"SELECT audit_new_incarnation(%s, %s)", [chosen, topic])


def take_over(config: DatabaseConfig, from_group: str, to_group: str) -> int:
    """
    Give every partition of one consumer group to another.

    Returns:
        How many partitions.

    Raises:
        RepositoryError: The first group has none, its service still runs, or the user may not.
        ConnectionError: The database cannot be reached.
    """
    with connected(config) as connection:
        _refuse_running(connection, group=from_group, what=f"consumer group {from_group!r}")
        taken = _call(connection, b"SELECT audit_take_over(%s, %s)", [from_group, to_group])
        if taken == 0:
            raise RepositoryError(
                f"consumer group {from_group!r} writes nothing of this trail. "
                f"`cdc-audit stream list` shows which groups do."
            )
        return taken


def known_clusters(connection: psycopg.Connection[Row], topic: str) -> Sequence[str]:
    """The clusters that the trail knows `topic` of."""
    return [str(row[0]) for row in connection.execute(_CLUSTERS.encode(), [topic])]


def choose_cluster(topic: str, known: Sequence[str], wanted: str | None) -> str:
    """
    Choose the cluster that is meant.

    Raises:
        RepositoryError: The topic is unknown, or ambiguous.
    """
    if wanted is not None and wanted in known:
        return wanted
    if wanted is None and len(known) == 1:
        return known[0]
    if not known:
        raise RepositoryError(
            f"the trail has no topic {topic!r}. `cdc-audit stream list` shows its topics."
        )
    raise RepositoryError(
        f"the trail knows topic {topic!r} of the clusters {', '.join(known)}"
        f"{'' if wanted is None else f', not of {wanted}'}. Name one with --cluster."
    )


def _refuse_running(
    connection: psycopg.Connection[Row],
    *,
    what: str,
    topic: str | None = None,
    group: str | None = None,
) -> None:
    found = connection.execute(_RUNNING.encode(), {"group": group, "topic": topic}).fetchone()
    if found and found[0]:
        raise RepositoryError(
            f"{what}: a service that writes {found[0]} of its partitions is connected now. "
            f"Stop it first, and run this again."
        )


def _call(connection: psycopg.Connection[Row], call: bytes, values: Sequence[str]) -> int:
    row = connection.execute(call, values).fetchone()
    if row is None:
        raise AssertionError("a function gives a row")
    return int(str(row[0]))


@contextmanager
def connected(config: DatabaseConfig) -> Generator[psycopg.Connection[Row]]:
    """Open a session with the user's own rights: one transaction, committed at the end."""
    with as_repository_error(config), psycopg.connect(config.conninfo) as connection:
        connection.execute(session_settings(config, Access.OWN))
        yield connection

"""Which stream a topic's name stands for, where a program names no cluster."""

from psycopg import AsyncConnection
from psycopg.rows import scalar_row

OWN_CLUSTER = "cdc-audit"
"""Cluster id of streams that did not come from Kafka: programs keep them."""

_FIND = """
    SELECT stream_id FROM kafka_stream WHERE topic = %(topic)s
    ORDER BY (cluster_id = %(own)s), first_seen DESC, incarnation DESC LIMIT 1
"""
_MAKE = """
    INSERT INTO kafka_stream (cluster_id, topic) VALUES (%(own)s, %(topic)s)
    ON CONFLICT (cluster_id, topic, incarnation) DO UPDATE SET topic = excluded.topic
    RETURNING stream_id
"""


async def find_stream(connection: AsyncConnection, topic: str) -> int | None:
    """The stream that `topic` stands for: its latest life, one from Kafka before one of ours."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(_FIND, {"topic": topic, "own": OWN_CLUSTER})
        return await cursor.fetchone()


async def find_or_make_stream(connection: AsyncConnection, topic: str) -> int:
    """As `find_stream`; a topic that the trail never met gets a stream that programs keep."""
    found = await find_stream(connection, topic)
    if found is not None:
        return found
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(_MAKE, {"topic": topic, "own": OWN_CLUSTER})
        made: int | None = await cursor.fetchone()
    assert made is not None, "INSERT ... RETURNING gives a row"  # noqa: S101 - for the type checker
    return made

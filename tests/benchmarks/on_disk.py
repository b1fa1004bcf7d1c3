"""
Bytes on disk of an event, as Kafka has it and as the trail has it with its indexes.

The plain event's row is too small for PostgreSQL to compress anything of it: its figures are those
of `kafka_to_postgres`. Here it has a text of 3 kB: its images are compressed, by pglz or, where the
server has it, lz4. Kafka's log is as it was produced: not compressed.
"""

from collections.abc import Sequence

import psycopg
from psycopg import sql

from adapters.postgres.config import DatabaseConfig
from tests.benchmarks import events
from tests.benchmarks.measuring import Figures, figure
from tests.benchmarks.rig import Rig
from tests.benchmarks.service_runs import work_off
from tests.benchmarks.topics import FilledTopic

SHARE = 10
"""So much fewer events than the other benchmarks store."""

_WORDS = ("please", "leave", "it", "at", "the", "door", "bell", "does", "not", "work", "today")


def measure(rig: Rig) -> Figures:
    """Measure wide events with every way to compress that the server has."""
    topic = FilledTopic(rig, "wide", partitions=1)
    topic.fill((events.key(n), wide(n)) for n in range(rig.scale.stored // SHARE))
    kept = topic.bytes_on_disk() / topic.events
    figures = {"topic_bytes_per_wide_event": figure([kept], "B")}
    for method in _compressions(rig):
        rig.say(f"bytes on disk: {method}")
        stored = _stored(rig, topic, method)
        figures[f"disk_bytes_per_wide_event_{method}"] = figure([stored], "B")
    return figures


def wide(number: int) -> bytes:
    """Encode an update of a row that has a long text, which says little and not the same twice."""
    update = events.an_update(number)
    text = " ".join(_WORDS[(number * 7 + at * at) % len(_WORDS)] for at in range(600))
    for image in (update["before"], update["after"]):
        image["note"] = text
    return events.compact(update)


def _compressions(rig: Rig) -> Sequence[str]:
    with psycopg.connect(rig.postgres.dsn()) as connection:
        row = connection.execute(
            "SELECT enumvals FROM pg_settings WHERE name = 'default_toast_compression'"
        ).fetchone()
    return tuple(row[0]) if row else ()


def _stored(rig: Rig, topic: FilledTopic, method: str) -> float:
    with rig.database() as database:
        _compress_by(database, method)
        run = work_off(rig, topic.name, topic.events, database=database)
        return run.bytes_on_disk / topic.events


def _compress_by(database: DatabaseConfig, method: str) -> None:
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET default_toast_compression = {}").format(
                sql.Identifier(database.database), sql.Literal(method)
            )
        )

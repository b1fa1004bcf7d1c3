"""Stores damaged records in a real PostgreSQL as the service does, and reads all of it back."""

import asyncio
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import LiteralString

import psycopg
from psycopg import sql

from adapters.postgres.audit_store import PostgresAuditStore
from adapters.postgres.config import DatabaseConfig
from domain.consumed import ConsumedBatch, RawRecord
from domain.quarantine import QuarantinedRecord
from tests.builders import a_log
from tests.mutations.campaign import TOPIC, Transform, a_slice
from tests.postgres.trails import a_store
from tests.servers.postgres import scratch_database

EXPECTED = frozenset({"CharacterNotInRepertoire", "UntranslatableCharacter"})
"""What PostgreSQL says of NUL and of half a surrogate pair."""

_SELECTED = "SELECT * FROM audit_trail WHERE stream_id = %s"
_UNACCOUNTED = """
SELECT topic, partition, unaccounted FROM audit_accounting WHERE unaccounted <> 0
"""


class StoredSample:
    """
    A trail to store in; each batch is a stream of its own.

    Args:
        config: A database with the trail's tables.
        runner: Runs what is asynchronous.
        store: The service's store.
    """

    def __init__(
        self, config: DatabaseConfig, runner: asyncio.Runner, store: PostgresAuditStore
    ) -> None:
        self._config = config
        self._runner = runner
        self._store = store

    def keep(self, records: Sequence[RawRecord], transform: Transform) -> Sequence[str]:
        """Store what `records` become, and select it; gives what is wrong."""
        stream_id, refused = self._runner.run(self._append(records, transform))
        found = [
            f"offset {one.kafka_offset}: {one.error_type}: {one.error_message}"
            for one in refused
            if one.error_type not in EXPECTED
        ]
        try:
            _select(self._config, _SELECTED, stream_id)
        except (psycopg.Error, ValueError, RecursionError) as error:
            found.append(f"audit_trail cannot be selected: {error}")
        return [*found, *(str(row) for row in _select(self._config, _UNACCOUNTED))]

    def count(self) -> int:
        """Select everything, and tell how many rows there are."""
        return len(_select(self._config, "SELECT * FROM audit_trail"))

    async def _append(
        self, records: Sequence[RawRecord], transform: Transform
    ) -> tuple[int, Sequence[QuarantinedRecord]]:
        first, last = records[0].offset, records[-1].offset
        log = a_log(0, topic=f"{TOPIC}-{first}", log_start=first, log_end=last + 1)
        (claim,) = await self._store.claim([log])
        part = a_slice(claim.partition, records)
        source = ConsumedBatch([part], size=0, polled_at=0.0)
        return claim.partition.stream_id, await self._store.append(transform(part), source)


@contextmanager
def stored_sample() -> Generator[StoredSample]:
    """Give a trail in a database of its own."""
    with scratch_database() as config, asyncio.Runner() as runner:
        opened = a_store(config)
        store = runner.run(opened.__aenter__())
        try:
            yield StoredSample(config, runner, store)
        finally:
            runner.run(opened.__aexit__(None, None, None))


def _select(config: DatabaseConfig, query: LiteralString, *values: int) -> Sequence[object]:
    """Select as any program would: its driver reads the JSON."""
    with psycopg.connect(config.conninfo) as connection:
        connection.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(config.schema)))
        return connection.execute(query, values).fetchall()

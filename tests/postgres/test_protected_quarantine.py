"""What the quarantine holds of a topic with rules: ciphertext, the key's name, and sizes."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from adapters.cryptography.keys import KEY_BYTES, EncryptionKey
from adapters.cryptography.quarantine_encryption import AesGcmQuarantineProtection
from adapters.debezium.decoder import DebeziumDecoder
from adapters.postgres.audit_store import PostgresAuditStore
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.pool import open_pool
from adapters.postgres.quarantined_rows import find_quarantined
from application.quarantine_protection import QuarantineProtection, WithheldBytes
from application.transform_records import transform_records
from domain.consumed import ConsumedBatch, PartitionSlice
from domain.protected_topics import ProtectedTopics
from domain.redaction import ColumnRule
from domain.stream import StreamPartition
from tests.builders import a_batch, a_log, a_raw_record, a_record
from tests.contract.trails import BROKEN_JSON
from tests.postgres.trails import GROUP, rows
from tests.servers.postgres import scratch_database

pytestmark = pytest.mark.postgres

PLANTED = "gEhEiMnIs7"
EVERY = ProtectedTopics()
ENCRYPTING = AesGcmQuarantineProtection([EncryptionKey("q1", bytes(range(KEY_BYTES)))], EVERY)
RAW = a_raw_record(
    key=f'"{PLANTED}"'.encode(),
    value=f"{PLANTED} is no JSON".encode(),
    headers=(("h", PLANTED.encode()), ("h", None)),
)

STORED = """
SELECT encryption_key_id, key_size, value_size, error_message, processing_error::text,
    encode(raw_key, 'escape') || encode(raw_value, 'escape'), raw_value
FROM processing_error
"""


@pytest.fixture
def database() -> Generator[DatabaseConfig]:
    """A trail of its own."""
    with scratch_database() as config:
        yield config


class Trail:
    """A store that protects, and the stream that it has claimed."""

    def __init__(self, store: PostgresAuditStore, partition: StreamPartition) -> None:
        self.store = store
        self.partition = partition

    def consumed(self) -> ConsumedBatch:
        """The poison record as a batch."""
        part = PartitionSlice(self.partition, 0, 1, [RAW])
        return ConsumedBatch([part], size=1, polled_at=0.0)


@asynccontextmanager
async def a_trail(
    config: DatabaseConfig, protection: QuarantineProtection
) -> AsyncGenerator[Trail]:
    async with open_pool(config, writer="writer") as pool:
        store = PostgresAuditStore(
            pool, config, consumer_group=GROUP, writer="writer", protection=protection
        )
        (claim,) = await store.claim([a_log(0, log_end=10)])
        yield Trail(store, claim.partition)


async def quarantine_poison(config: DatabaseConfig, protection: QuarantineProtection) -> int:
    """Transform and store a record that cannot be decoded."""
    async with a_trail(config, protection) as trail:
        decoder = DebeziumDecoder(rules=[ColumnRule(column="email")])
        batch = transform_records(
            decoder, await trail.store.encoder(), trail.consumed().slices, protection=protection
        )
        await trail.store.append(batch, trail.consumed())
        return trail.partition.stream_id


async def quarantine_a_refused_row(config: DatabaseConfig) -> int:
    """Store a row that PostgreSQL refuses."""
    async with a_trail(config, ENCRYPTING) as trail:
        stream_id = trail.partition.stream_id
        bad = a_record(0, stream_id=stream_id, new_data=BROKEN_JSON)
        await trail.store.append(a_batch(await trail.store.encoder(), [bad]), trail.consumed())
        return stream_id


async def found(config: DatabaseConfig, stream_id: int) -> Any:  # noqa: ANN401 - a record
    async with open_pool(config) as pool, pool.lease() as session:
        return await find_quarantined(session, stream_id, 0, 0)


@pytest.mark.parametrize("refused", [False, True])
async def test_the_quarantine_has_ciphertext_that_opens_again(
    database: DatabaseConfig, *, refused: bool
) -> None:
    stream_id = (
        await quarantine_a_refused_row(database)
        if refused
        else await quarantine_poison(database, ENCRYPTING)
    )

    ((key_id, key_size, value_size, message, whole, texts, value),) = rows(database, STORED)
    assert (key_id, key_size, value_size) == ("q1", len(RAW.key or b""), len(RAW.value or b""))
    assert value[:1] == b"\x01"
    assert not [text for text in (whole, texts, message) if PLANTED in text]
    assert PLANTED.encode().hex() not in whole
    assert "No more is told" in message
    revealed = ENCRYPTING.reveal(await found(database, stream_id))
    assert (revealed.key, revealed.value, revealed.headers) == (RAW.key, RAW.value, RAW.headers)


async def test_withheld_bytes_are_not_there(database: DatabaseConfig) -> None:
    stream_id = await quarantine_poison(database, WithheldBytes(EVERY))

    record = await found(database, stream_id)
    assert (record.key, record.value, record.headers) == (None, None, ())
    assert record.sizes == (len(RAW.key or b""), len(RAW.value or b""))
    assert "read it again from Kafka" in record.error_message


async def test_plain_bytes_are_read_back_as_they_came(database: DatabaseConfig) -> None:
    nothing = AesGcmQuarantineProtection(
        [EncryptionKey("q1", bytes(KEY_BYTES))], ProtectedTopics(())
    )
    stream_id = await quarantine_poison(database, nothing)

    record = await found(database, stream_id)

    assert (record.key, record.value, record.headers) == (RAW.key, RAW.value, RAW.headers)
    assert (record.encryption_key_id, record.key_size) == (None, None)


async def test_what_is_not_in_quarantine_is_not_found(database: DatabaseConfig) -> None:
    assert await found(database, 1) is None

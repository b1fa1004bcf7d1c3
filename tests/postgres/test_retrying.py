"""Retrying over a real database: two services at once, a pipeline that goes on, nothing quoted."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from adapters.cryptography.keys import KEY_BYTES, EncryptionKey
from adapters.cryptography.quarantine_encryption import AesGcmQuarantineProtection
from adapters.postgres.audit_store import PostgresAuditStore
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.pool import open_pool
from adapters.postgres.quarantine_ledger import PostgresQuarantineLedger
from adapters.postgres.repositories.processing_error import ProcessingErrorRepository
from adapters.postgres.retry_ledger import PostgresRetryLedger
from application.quarantine_ledger import QuarantineQuery
from domain.errors import AlreadyResolvedError
from domain.protected_topics import ProtectedTopics
from domain.quarantine_entry import QuarantineEntry
from domain.transformed import TransformedBatch
from tests.builders import a_batch, a_consumed_batch, a_quarantined_record, a_record
from tests.postgres.trails import a_store, claim, rows

pytestmark = pytest.mark.postgres

PLANTED = "gEhEiMnIs7"
COUNT = 40
KEYS = AesGcmQuarantineProtection([EncryptionKey("q1", bytes(range(KEY_BYTES)))], ProtectedTopics())
STANDING = """
SELECT next_offset, audited, quarantined, absent FROM kafka_offset WHERE consumer_group IS NOT NULL
"""


async def quarantined(store: PostgresAuditStore, count: int) -> int:
    """Put records at the offsets from 0 on into quarantine, and give their stream."""
    stream_id = await claim(store)
    bad = [a_quarantined_record(o, stream_id=stream_id) for o in range(count)]
    batch = a_batch(await store.encoder(), quarantined=bad)
    await store.append(batch, a_consumed_batch(batch))
    return stream_id


async def mended(store: PostgresAuditStore, entry: QuarantineEntry) -> TransformedBatch:
    """The batch of the record of `entry` alone, as a change."""
    bad = entry.record
    record = a_record(bad.kafka_offset, stream_id=bad.stream_id)
    return a_batch(await store.encoder(), [record])


async def test_two_services_take_each_entry_once_between_them(
    trail_database: DatabaseConfig,
) -> None:
    async with a_store(trail_database) as store, open_pool(trail_database, writer="w") as pool:
        await quarantined(store, COUNT)
        ledgers = [PostgresRetryLedger(pool, trail_database, writer="writer") for _ in range(4)]

        async def take_all(ledger: PostgresRetryLedger) -> Sequence[int]:
            taken: list[int] = []
            while found := await ledger.claim_due(limit=3, first_delay=0.0, lease=60.0):
                taken += [entry.error_id for entry in found]
            return taken

        taken = await asyncio.gather(*(take_all(ledger) for ledger in ledgers))

    every = [error_id for part in taken for error_id in part]
    assert len(every) == len(set(every)) == COUNT


async def test_only_one_of_many_gives_a_record_its_place(trail_database: DatabaseConfig) -> None:
    async with a_store(trail_database) as store, open_pool(trail_database, writer="w") as pool:
        await quarantined(store, 1)
        ledger = PostgresRetryLedger(pool, trail_database, writer="writer")
        (entry,) = await ledger.claim_due(limit=1, first_delay=0.0, lease=60.0)
        batch = await mended(store, entry)

        ended = await asyncio.gather(
            *(ledger.place(entry, batch) for _ in range(4)), return_exceptions=True
        )

    assert sorted(map(type, ended), key=str) == sorted(
        [type(None), *[AlreadyResolvedError] * 3], key=str
    )
    assert rows(trail_database, STANDING) == [(1, 1, 0, 0)]
    assert rows(trail_database, "SELECT count(*) FROM audit_logging") == [(1,)]


async def test_the_pipeline_goes_on_meanwhile_and_every_count_holds(
    trail_database: DatabaseConfig,
) -> None:
    async with a_store(trail_database) as store, open_pool(trail_database, writer="w") as pool:
        stream_id = await quarantined(store, COUNT)
        ledger = PostgresRetryLedger(pool, trail_database, writer="writer")
        entries = await ledger.claim_due(limit=COUNT, first_delay=0.0, lease=60.0)

        async def retry() -> None:
            for entry in entries:
                assert await ledger.place(entry, await mended(store, entry)) is None

        async def go_on() -> None:
            for offset in range(COUNT, 2 * COUNT):
                batch = a_batch(await store.encoder(), [a_record(offset, stream_id=stream_id)])
                await store.append(batch, a_consumed_batch(batch))

        await asyncio.gather(retry(), go_on())

    assert rows(trail_database, STANDING) == [(2 * COUNT, 2 * COUNT, 0, 0)]
    stored = rows(trail_database, "SELECT kafka_offset FROM audit_logging ORDER BY 1")
    assert [offset for (offset,) in stored] == list(range(2 * COUNT))


async def test_a_refused_row_of_a_protected_topic_is_quoted_nowhere(
    trail_database: DatabaseConfig,
) -> None:
    async with a_store(trail_database) as store, open_pool(trail_database, writer="w") as pool:
        await quarantined(store, 1)
        ledger = PostgresRetryLedger(pool, trail_database, writer="writer", protection=KEYS)
        (entry,) = await ledger.claim_due(limit=1, first_delay=0.0, lease=60.0)
        broken = a_record(0, stream_id=entry.record.stream_id, new_data=f'{{"id":{PLANTED}')

        failure = await ledger.place(entry, a_batch(await store.encoder(), [broken]))

        assert failure is not None
        # not a word of PostgreSQL's own, which may quote the row
        assert failure.error_message.startswith("PostgreSQL refused it (SQLSTATE 22P02). No more")
        await ledger.fail(entry, failure, delay=1.0)
    kept = rows(trail_database, "SELECT processing_error_event::text FROM processing_error_event")
    assert len(kept) == 2
    assert PLANTED not in str(kept)


async def test_a_place_that_is_taken_leaves_the_entry_and_says_so(
    trail_database: DatabaseConfig,
) -> None:
    async with a_store(trail_database) as store, open_pool(trail_database, writer="w") as pool:
        stream_id = await quarantined(store, 1)
        following = a_batch(await store.encoder(), [a_record(1, stream_id=stream_id)])
        await store.append(following, a_consumed_batch(following))
        ledger = PostgresRetryLedger(pool, trail_database, writer="writer")
        (entry,) = await ledger.claim_due(limit=1, first_delay=0.0, lease=60.0)

        failure = await ledger.place(entry, following)

    assert failure is not None
    assert failure.error_type == "DuplicateKeyError"
    assert rows(trail_database, STANDING) == [(2, 1, 1, 0)]


async def test_what_a_program_resolves_is_in_the_history(trail_database: DatabaseConfig) -> None:
    async with a_store(trail_database) as store, open_pool(trail_database, writer="w") as pool:
        await quarantined(store, 1)
        ledger = PostgresQuarantineLedger(pool, trail_database)
        (entry,) = await ledger.search(QuarantineQuery())
        async with pool.lease() as session:
            errors = ProcessingErrorRepository(session, trail_database)

            first = await errors.mark_error_resolved(entry.error_id, "by a program")
            second = await errors.mark_error_resolved(entry.error_id, "again")
        history = await ledger.history(entry.error_id)

    assert (first, second) == (True, False)
    assert [event.message for event in history][1:] == ["by a program"]


async def test_what_a_program_created_is_never_taken_or_placed(
    trail_database: DatabaseConfig,
) -> None:
    async with a_store(trail_database) as store, open_pool(trail_database, writer="w") as pool:
        await quarantined(store, 1)
        ledger = PostgresRetryLedger(pool, trail_database, writer="writer")
        (entry,) = await ledger.claim_due(limit=1, first_delay=0.0, lease=0.0)
        rows(trail_database, "UPDATE processing_error SET accounted = false")

        taken = await ledger.claim_due(limit=1, first_delay=0.0, lease=0.0)
        with pytest.raises(AlreadyResolvedError):
            await ledger.place(msgspec.structs.replace(entry), await mended(store, entry))

    assert list(taken) == []

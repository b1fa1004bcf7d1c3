"""A record whose bytes are encrypted, or were not kept: opened, or read again, or gone."""

import msgspec

from adapters.memory.batch_transformer import MemoryBatchTransformer
from adapters.memory.quarantine_protection import MemoryQuarantineProtection
from adapters.memory.record_finder import MemoryRecordFinder
from adapters.memory.row_encoder import MemoryRowEncoder
from application.rebuilt_record import RebuildRecord
from application.retry_quarantined import (
    RetryOutcome,
    RetryQuarantined,
)
from tests.unit.application.retrying import EVERY, Scene


async def test_encrypted_bytes_are_opened_and_a_missing_key_is_told() -> None:
    scene = Scene(protection=MemoryQuarantineProtection(["k1"], EVERY))
    entries = await scene.quarantine(b"secret", b"other")
    assert entries[0].record.value != b"secret"
    scene.decoder.is_mended = True
    without_keys = RebuildRecord(MemoryRecordFinder(scene.broker), None, max_record_bytes=99)
    keyless = RetryQuarantined(
        scene.ledger,
        without_keys,
        MemoryBatchTransformer(scene.decoder, MemoryRowEncoder()),
        schedule=scene.schedule,
    )

    opened = await scene.retry.retry(entries[0])
    closed = await keyless.retry(entries[1])

    assert opened.outcome is RetryOutcome.PLACED
    assert scene.rows() == [(0, "secret")]
    assert closed.failure is not None
    assert closed.failure.error_type == "DecryptionError"
    assert "quarantine.encryption_keys" in closed.failure.error_message


async def test_bytes_that_were_not_kept_are_read_again_from_the_same_place() -> None:
    scene = Scene()
    await scene.quarantine(b"a", b"b")
    scene.without_bytes()
    scene.decoder.is_mended = True

    report = await scene.retry.retry((await scene.entries())[1])

    assert report.outcome is RetryOutcome.PLACED
    assert scene.rows() == [(1, "b")]


async def test_a_record_that_kafka_lost_stays_and_says_so() -> None:
    scene = Scene()
    await scene.quarantine(b"a", b"b")
    scene.without_bytes()
    scene.decoder.is_mended = True
    scene.broker.expire("orders", start=1)

    report = await scene.retry.retry((await scene.entries())[0])

    assert report.failure is not None
    assert report.failure.error_type == "RecordGoneError"
    assert "partition 0, offset 0" in report.failure.error_message


async def test_another_record_at_the_same_place_is_never_taken_for_it() -> None:
    scene = Scene()
    await scene.quarantine(b"a")
    scene.without_bytes()
    entry = (await scene.entries())[0]
    scene.decoder.is_mended = True
    scene.broker.create_topic("orders")
    scene.broker.produce("orders", b"z", key=b"k")
    other_life = await scene.retry.retry(entry)
    topic_id = scene.broker.describe("orders", 0).topic_id

    other_size = msgspec.structs.replace(entry, topic_id=topic_id)
    scene.broker.logs["orders", 0].records[0] = msgspec.structs.replace(
        scene.broker.logs["orders", 0].records[0], value=b"longer"
    )
    differing = await scene.retry.retry(other_size)

    assert [r.failure and r.failure.error_type for r in (other_life, differing)] == [
        "RecordGoneError",
        "RecordGoneError",
    ]
    assert scene.rows() == []


async def test_a_record_that_is_still_too_large_is_not_read_again() -> None:
    scene = Scene(limit=3)
    await scene.quarantine(b"four")
    scene.without_bytes()
    scene.broker.available = False

    report = await scene.retry.retry((await scene.entries())[0])

    assert report.failure is not None
    assert report.failure.error_type == "RecordTooLargeError"

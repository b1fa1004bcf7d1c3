"""Steps of tests over a trail: claim partitions, append batches, see which offsets are there."""

from collections.abc import Mapping, Sequence

from application.ports import AuditStore
from application.trail_query import StoredRecord, TrailQuery
from domain.audit_record import AuditRecord
from domain.quarantine import QuarantinedRecord
from domain.stream import Claim, LogPartition
from domain.transformed import TransformedBatch
from tests.builders import a_batch, a_consumed_batch, a_log, a_record
from tests.contract.trails import Trail


async def claimed(store: AuditStore, *logs: LogPartition) -> Sequence[Claim]:
    """Claim `logs`; without any, partition 0 of `shop.public.orders`."""
    return await store.claim(logs or [a_log(log_end=100)])


async def stream_of(store: AuditStore, *partitions: int) -> int:
    """Claim partitions of `shop.public.orders`, or its partition 0, and give its stream's id."""
    claims = await claimed(store, *(a_log(p, log_end=100) for p in partitions))
    return claims[0].partition.stream_id


def orders(stream_id: int, *offsets: int, partition: int = 0) -> Sequence[AuditRecord]:
    """Make a record at each of `offsets`."""
    return [a_record(o, stream_id=stream_id, kafka_partition=partition) for o in offsets]


async def stored(store: AuditStore, batch: TransformedBatch) -> Sequence[QuarantinedRecord]:
    """Append `batch`; gives what the database refused."""
    return await store.append(batch, a_consumed_batch(batch))


async def keep(store: AuditStore, records: Sequence[AuditRecord]) -> Sequence[AuditRecord]:
    """Append `records` as one batch, and give them back."""
    await stored(store, a_batch(await store.encoder(), records))
    return records


async def a_trail_of(trail: Trail, *fields: Mapping[str, object]) -> Sequence[AuditRecord]:
    """Store one record for each of `fields`, at the offsets from 0 on."""
    store = await trail.store()
    stream_id = await stream_of(store)
    records = [a_record(o, stream_id=stream_id, **f) for o, f in enumerate(fields)]
    return await keep(store, records)


async def offsets_in(trail: Trail) -> Sequence[int]:
    """Offsets of all records of the trail, sorted."""
    found = await trail.reader.search(TrailQuery(limit=10_000))
    return sorted(offsets(found))


def offsets(found: Sequence[StoredRecord]) -> Sequence[int]:
    """Offsets of what was found, in its order."""
    return [s.record.kafka_offset for s in found]

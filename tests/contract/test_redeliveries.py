"""What a store marks as delivered again, and that readers leave it out: fake and PostgreSQL."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from application.ports import AuditStore
from application.trail_query import Cursor, TrailQuery
from domain.audit_record import AuditRecord
from domain.errors import FencedError
from domain.operation import OperationTypeEnum, TimestampSource
from domain.record_key import identity_prefix, key_hash
from domain.redelivery import stretches
from tests.builders import NOON, SECOND, a_batch, a_record
from tests.contract.trail_writing import offsets, offsets_in, stored, stream_of
from tests.contract.trails import Trail

ORDERS = identity_prefix("postgresql", "shop", "shop", "public", "orders")


def a_change(offset: int, position: int, **fields: Any) -> AuditRecord:  # noqa: ANN401 - any field
    """A change of one row, at a place of PostgreSQL's log that follows no commit."""
    key = '{"id":1}'
    values: dict[str, Any] = {
        "change_timestamp": NOON + position * SECOND,
        "record_key": key,
        "key_hash": key_hash(ORDERS, key.encode()),
        "lsn": f"0/{position:X}",
        "source_position": f"{position:016X}/{position:016X}",
        "transaction_id": str(700 + position),
    }
    values.update(fields)
    return a_record(offset, **values)


def a_row(offset: int, position: int, **fields: Any) -> AuditRecord:  # noqa: ANN401 - any field
    """A row of a COPY into a table without a key."""
    copied: dict[str, Any] = {
        "operation": OperationTypeEnum.INSERT,
        "old_data": None,
        "record_key": None,
        "key_hash": None,
    }
    return a_change(offset, position, **{**copied, **fields})


async def deliver(store: AuditStore, records: Sequence[AuditRecord], run: str | None) -> None:
    """Append what one run of the connector sent, all to one partition, as one batch."""
    batch = a_batch(await store.encoder(), records)
    positions = [record.source_position for record in records]
    runs = stretches([r.kafka_offset for r in records], positions, lambda _: run)
    advances = [msgspec.structs.replace(a, runs=runs) for a in batch.advances]
    await stored(store, msgspec.structs.replace(batch, advances=advances))


async def test_a_change_of_another_run_that_was_there_before_is_marked_and_left_out(
    trail: Trail,
) -> None:
    store = await trail.store()
    of = {"stream_id": await stream_of(store)}

    await deliver(store, [a_change(0, 10, **of), a_change(1, 20, **of)], "a")
    await deliver(store, [a_change(2, 20, **of), a_change(3, 30, **of)], "b")

    assert await trail.redeliveries() == [(2, 1, "certain")]
    assert await offsets_in(trail) == [0, 1, 3]


async def test_whoever_asks_sees_redeliveries_too(trail: Trail) -> None:
    store = await trail.store()
    of = {"stream_id": await stream_of(store)}
    await deliver(store, [a_change(0, 10, **of)], "a")
    await deliver(store, [a_change(1, 10, **of)], "b")

    everything = TrailQuery(include_redeliveries=True)
    found = await trail.reader.search(everything)
    followed, _ = await trail.reader.since(Cursor(), everything)
    shown, _ = await trail.reader.since(Cursor(), TrailQuery())

    assert sorted(offsets(found)) == sorted(offsets(followed)) == [0, 1]
    assert offsets(shown) == [0]


async def test_the_row_itself_stays_in_the_trail(trail: Trail) -> None:
    store = await trail.store()
    stream_id = await stream_of(store)
    await deliver(store, [a_change(0, 10, stream_id=stream_id)], "a")
    again = a_change(1, 10, stream_id=stream_id)
    await deliver(store, [again], "b")

    found = await trail.reader.find(stream_id, 0, 1)

    assert found is not None
    assert found.record == again


async def test_a_redelivery_is_found_by_another_process_too(trail: Trail) -> None:
    first, second = await trail.store(), await trail.store()
    of = {"stream_id": await stream_of(first)}

    await deliver(first, [a_change(0, 10, **of), a_change(1, 20, **of)], "a")
    await deliver(first, [a_change(2, 10, **of)], "b")
    await stream_of(second)
    await deliver(second, [a_change(3, 20, **of)], "b")

    assert await trail.redeliveries() == [(2, 0, "certain"), (3, 1, "certain")]


async def test_the_same_run_repeats_nothing(trail: Trail) -> None:
    store = await trail.store()
    of = {"stream_id": await stream_of(store)}

    await deliver(store, [a_row(0, 10, **of), a_row(1, 10, **of)], "a")
    await deliver(store, [a_row(2, 10, **of)], "a")

    assert await trail.redeliveries() == []


async def test_a_connector_that_begins_knows_no_commit_and_is_found_all_the_same(
    trail: Trail,
) -> None:
    store = await trail.store()
    of = {"stream_id": await stream_of(store)}
    after_commit = f"{15:016X}/{20:016X}"

    await deliver(store, [a_change(0, 20, source_position=after_commit, **of)], "a")
    await deliver(store, [a_change(1, 20, **of)], "b")

    assert await trail.redeliveries() == [(1, 0, "certain")]


async def test_a_third_run_that_goes_back_behind_the_second_repeats_the_first(
    trail: Trail,
) -> None:
    store = await trail.store()
    of = {"stream_id": await stream_of(store)}

    await deliver(store, [a_change(0, 10, **of), a_change(1, 20, **of), a_change(2, 30, **of)], "a")
    await deliver(store, [a_change(3, 10, **of)], "b")
    await deliver(store, [a_change(4, 10, **of), a_change(5, 20, **of), a_change(6, 30, **of)], "c")

    assert await trail.redeliveries() == [
        (3, 0, "certain"),
        (4, 0, "certain"),
        (5, 1, "certain"),
        (6, 2, "certain"),
    ]


async def test_identical_rows_of_a_copy_are_paired_one_by_one_and_are_only_possible(
    trail: Trail,
) -> None:
    store = await trail.store()
    of = {"stream_id": await stream_of(store)}

    await deliver(store, [a_row(o, 10, **of) for o in (0, 1)], "a")
    await deliver(store, [a_row(2, 10, **of)], "b")  # the same group goes on in the next batch
    await deliver(store, [a_row(o, 10, **of) for o in (3, 4)], "b")

    assert await trail.redeliveries() == [(2, 0, "possible"), (3, 1, "possible")]
    assert await offsets_in(trail) == [0, 1, 2, 3, 4]


async def test_the_order_in_the_transaction_makes_identical_rows_certain(trail: Trail) -> None:
    store = await trail.store()
    of = {"stream_id": await stream_of(store)}

    def copied(offset: int, order: int) -> AuditRecord:
        return a_row(offset, 10, transaction_order=order, collection_order=order, **of)

    await deliver(store, [copied(0, 1), copied(1, 2)], "a")
    await deliver(store, [copied(2, 1), copied(3, 2), copied(4, 3)], "b")

    assert await trail.redeliveries() == [(2, 0, "certain"), (3, 1, "certain")]
    assert await offsets_in(trail) == [0, 1, 4]


async def test_a_row_without_key_is_found_in_another_partition(trail: Trail) -> None:
    store = await trail.store()
    stream_id = await stream_of(store, 0, 1)
    fields = {"stream_id": stream_id, "transaction_order": 1, "collection_order": 1}

    await deliver(store, [a_row(0, 10, kafka_partition=0, **fields)], "a")
    await deliver(store, [a_row(0, 10, kafka_partition=1, **fields)], "b")

    assert await trail.redeliveries() == [(0, 0, "certain")]


async def test_without_run_ids_a_change_that_comes_again_is_possible(trail: Trail) -> None:
    store = await trail.store()
    of = {"stream_id": await stream_of(store)}

    await deliver(store, [a_change(0, 10, **of), a_change(1, 20, **of)], None)
    await deliver(
        store, [a_change(2, 10, **of), a_change(3, 20, **of), a_change(4, 30, **of)], None
    )

    assert await trail.redeliveries() == [(2, 0, "possible"), (3, 1, "possible")]


@pytest.mark.parametrize(
    "fields",
    [
        {"operation": OperationTypeEnum.DELETE},
        {"transaction_id": "999"},
        {"source_table": "customers"},
        {"lsn": "0/B"},
        {"record_key": '{"id":2}'},
        {"change_timestamp": NOON},
    ],
)
async def test_a_change_that_differs_in_what_names_it_is_another_change(
    trail: Trail, fields: dict[str, Any]
) -> None:
    store = await trail.store()
    of = {"stream_id": await stream_of(store)}

    await deliver(store, [a_change(0, 10, **of)], "a")
    await deliver(store, [a_change(1, 10, **{**of, **fields})], "b")

    assert await trail.redeliveries() == []


async def test_rows_of_a_snapshot_and_changes_of_unknown_time_repeat_nothing(trail: Trail) -> None:
    store = await trail.store()
    of = {"stream_id": await stream_of(store)}
    read = [
        a_change(0, 10, operation=OperationTypeEnum.SNAPSHOT, **of),
        a_change(1, 11, timestamp_source=TimestampSource.KAFKA, **of),
    ]

    await deliver(store, read, "a")
    moved = [msgspec.structs.replace(r, kafka_offset=r.kafka_offset + 2) for r in read]
    await deliver(store, moved, "b")

    assert await trail.redeliveries() == []


async def test_a_batch_that_was_not_stored_teaches_nothing(trail: Trail) -> None:
    zombie, owner = await trail.store(), await trail.store()
    of = {"stream_id": await stream_of(zombie)}
    await deliver(zombie, [a_change(0, 10, **of)], "a")
    await stream_of(owner)
    await deliver(owner, [a_change(1, 20, **of)], "a")
    with pytest.raises(FencedError):
        await deliver(zombie, [a_change(1, 10, **of)], "b")

    await deliver(owner, [a_change(2, 20, **of)], "b")
    await stream_of(zombie)
    await deliver(zombie, [a_change(3, 20, **of)], "c")

    assert await trail.redeliveries() == [(2, 1, "certain"), (3, 1, "certain")]

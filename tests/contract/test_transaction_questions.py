"""What people ask of a transaction, over the fake and PostgreSQL, and how it is put back."""

import json
from collections.abc import Mapping, Sequence

import pytest

from application.show_transaction import FoundTransaction
from application.trail_query import StoredRecord
from domain.control import ControlKind, ControlMessage
from domain.transaction_completeness import CollectionCount, Completeness
from domain.transaction_identity import TransactionIdentity
from tests.builders import DAY, NOON, a_batch, a_control_message, a_record
from tests.contract.row_stories import deleted, inserted, keyed, offsets_of, questions, updated
from tests.contract.trail_writing import keep, stored, stream_of
from tests.contract.trails import Trail

IN_771 = {"transaction_id": "771", "change_timestamp": NOON}
COUNTS = {"public.orders": 2, "public.people": 1}


def in_771(order: int, fields: Mapping[str, object]) -> Mapping[str, object]:
    return {**fields, **IN_771, "transaction_order": order}


CHANGES = (
    in_771(3, deleted(2, n=2)),  # 0: the order of the trail is not that of the transaction
    in_771(1, inserted(1, n=1)),
    in_771(2, {**inserted(1, n=1), **keyed(5, table="people")}),  # 2
    {**inserted(9, n=9), "transaction_id": "772"},
    {**in_771(1, inserted(7, n=7)), "source_name": "other"},  # 4
    {**inserted(8, n=8), "transaction_id": "771", "change_timestamp": NOON - 30 * DAY},  # wrapped
)


async def a_trail(trail: Trail, *boundaries: ControlMessage) -> int:
    store = await trail.store()
    stream_id = await stream_of(store)
    await keep(store, [a_record(o, stream_id=stream_id, **f) for o, f in enumerate(CHANGES)])
    control = [_moved(m, stream_id, len(CHANGES) + n) for n, m in enumerate(boundaries)]
    if control:
        await stored(store, a_batch(await store.encoder(), control=control))
    return stream_id


def an_end(counts: Mapping[str, int]) -> ControlMessage:
    payload = {
        "status": "END",
        "id": "771:24023128",
        "event_count": sum(counts.values()),
        "data_collections": [
            {"data_collection": name, "event_count": count} for name, count in counts.items()
        ],
        "ts_ms": NOON // 1000,
    }
    return a_control_message(kind=ControlKind.TRANSACTION_END, payload=json.dumps(payload))


async def change_at(trail: Trail, stream_id: int, offset: int) -> StoredRecord:
    change = await trail.reader.find(stream_id, 0, offset)
    assert change is not None
    return change


async def test_a_transaction_has_all_its_changes_in_order_over_all_tables(trail: Trail) -> None:
    stream_id = await a_trail(trail, a_control_message(), an_end(COUNTS))

    answer = await questions(trail).transaction.of(await change_at(trail, stream_id, 2))

    assert answer is not None
    assert answer.identity == TransactionIdentity("cluster", "shop", "shop", "771")
    assert offsets_of(answer.changes) == [1, 2, 0]
    assert [b.message.kind.value for b in answer.boundaries] == [
        "transaction_begin",
        "transaction_end",
    ]
    assert answer.report.completeness is Completeness.COMPLETE
    assert (answer.first, answer.last) == (NOON, NOON)


@pytest.mark.parametrize(
    ("boundaries", "completeness", "expected"),
    [
        ((), Completeness.UNKNOWN, None),
        ((a_control_message(),), Completeness.UNKNOWN, None),
        ((an_end({**COUNTS, "public.people": 2}),), Completeness.INCOMPLETE, 4),
        ((an_end({"public.orders": 3}),), Completeness.INCOMPLETE, 3),
    ],
)
async def test_a_transaction_is_complete_by_its_end_record_alone(
    trail: Trail,
    boundaries: Sequence[ControlMessage],
    completeness: Completeness,
    expected: int | None,
) -> None:
    stream_id = await a_trail(trail, *boundaries)

    answer = await questions(trail).transaction.of(await change_at(trail, stream_id, 0))

    assert answer is not None
    assert (answer.report.completeness, answer.report.expected) == (completeness, expected)
    assert answer.report.found == 3
    if expected == 4:
        assert answer.report.collections == (
            CollectionCount("public.orders", 2, 2),
            CollectionCount("public.people", 2, 1),
        )


async def test_one_id_may_mean_several_transactions(trail: Trail) -> None:
    await a_trail(trail)
    transaction = questions(trail).transaction
    ours = TransactionIdentity("cluster", "shop", "shop", "771")
    other = TransactionIdentity("cluster", "other", "shop", "771")

    every = await transaction.named("771")
    of_source = await transaction.named("771", source_name="shop")
    earlier = await transaction.show(FoundTransaction(ours, NOON - 30 * DAY))
    part = await transaction.show(FoundTransaction(ours, NOON), limit=2)

    found = {(one.identity, one.at) for one in every}
    assert found == {(ours, NOON), (ours, NOON - 30 * DAY), (other, NOON)}
    assert [one.at for one in of_source] == [NOON, NOON - 30 * DAY]
    assert await transaction.named("nothing") == []
    assert offsets_of(earlier.changes) == [5]
    assert (offsets_of(part.changes), part.has_more) == ([1, 2], True)


async def test_a_transaction_is_put_back_in_reverse_order(trail: Trail) -> None:
    stream_id = await a_trail(trail)

    answer = await questions(trail).put_back.transaction(await change_at(trail, stream_id, 0))

    assert [s.change_id.rsplit("-", 1)[1] for s in answer.plan.statements] == ["0", "2", "1"]
    assert [s.sql.split()[0] for s in answer.plan.statements] == ["INSERT", "DELETE", "DELETE"]
    assert answer.script is not None
    assert not answer.types_known


async def test_a_row_is_put_back_by_undoing_what_came_after(trail: Trail) -> None:
    store = await trail.store()
    stream_id = await stream_of(store)
    story = (
        inserted(1, n=0),
        updated(1, {"n": 0}, {"n": 1}),
        updated(2, {"n": 0}, {"n": 5}),
        updated(1, {"n": 1}, {"n": 2}),
    )
    await keep(store, [a_record(o, stream_id=stream_id, **f) for o, f in enumerate(story)])

    answer = await questions(trail).put_back.row(await change_at(trail, stream_id, 1))

    assert [s.change_id.rsplit("-", 1)[1] for s in answer.plan.statements] == ["3", "1"]


def _moved(message: ControlMessage, stream_id: int, offset: int) -> ControlMessage:
    return a_control_message(
        offset, stream_id=stream_id, kind=message.kind, payload=message.payload
    )

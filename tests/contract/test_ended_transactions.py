"""Whether transactions arrived whole, from what is stored, over the fake and PostgreSQL."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import msgspec
import pytest

from adapters.memory.audit_store import MemoryAuditStore
from adapters.memory.completeness import MemoryEndedTransactions
from adapters.memory.gap_ledger import MemoryGapLedger
from adapters.memory.trail import MemoryTrail
from adapters.postgres.completeness import PostgresEndedTransactions
from adapters.postgres.gap_ledger import PostgresGapLedger
from adapters.postgres.pool import open_pool
from application.check_completeness import CheckCompleteness, EndedTransactions, EndsQuery, now
from application.gap_ledger import GapLedger, GapQuery
from application.ports import AuditStore
from domain.audit_record import AuditRecord
from domain.completeness import JudgedTransaction, TableCount, TransactionState
from domain.control import ControlKind, ControlMessage
from tests.builders import a_batch, a_control_message, a_log, a_quarantined_record, a_record
from tests.contract.trail_writing import claimed, stored
from tests.postgres.trails import a_store
from tests.servers.postgres import scratch_database

ORDERS, TRANSACTIONS = "shop.public.orders", "shop.transaction"
YEAR = 365 * 86_400_000_000


class Opened(msgspec.Struct):
    """A trail: what writes it, and what is tested."""

    store: AuditStore
    transactions: EndedTransactions
    ledger: GapLedger


@asynccontextmanager
async def in_memory() -> AsyncGenerator[Opened]:
    trail = MemoryTrail()
    yield Opened(MemoryAuditStore(trail), MemoryEndedTransactions(trail), MemoryGapLedger(trail))


@asynccontextmanager
async def in_postgres() -> AsyncGenerator[Opened]:
    with scratch_database() as config:
        async with a_store(config) as store, open_pool(config) as pool:
            transactions = PostgresEndedTransactions(pool, config)
            yield Opened(store, transactions, PostgresGapLedger(pool, config))


@pytest.fixture(params=[in_memory, pytest.param(in_postgres, marks=pytest.mark.postgres)])
async def opened(request: pytest.FixtureRequest) -> AsyncGenerator[Opened]:
    opening: AbstractAsyncContextManager[Opened] = request.param()
    async with opening as opened:
        yield opened


def a_change(offset: int, transaction: int, place: int, **fields: Any) -> AuditRecord:  # noqa: ANN401 - any field
    """A change of an order in a transaction that commits at 100 times its number."""
    lsn = transaction * 100 - 50 + place
    values: dict[str, Any] = {
        "change_timestamp": now(),
        "transaction_id": str(transaction),
        "transaction_order": place,
        "collection_order": place,
        "source_position": f"{transaction * 100 - 100:016X}/{lsn:016X}",
        **fields,
    }
    return a_record(offset, **values)


def boundaries(offset: int, transaction: int, count: int) -> Sequence[ControlMessage]:
    """The BEGIN and END records of a transaction with `count` changes of orders."""
    end = {
        "status": "END",
        "id": f"{transaction}:{transaction * 100}",
        "event_count": count,
        "data_collections": [{"data_collection": "public.orders", "event_count": count}],
    }
    fields: dict[str, Any] = {"transaction_id": str(transaction), "kafka_timestamp": now()}
    begin = a_control_message(offset, **fields)
    text = msgspec.json.encode(end).decode()
    kind = ControlKind.TRANSACTION_END
    return [begin, a_control_message(offset + 1, kind=kind, payload=text, **fields)]


async def write(
    opened: Opened,
    changes: Sequence[AuditRecord],
    control: Sequence[ControlMessage],
    *,
    quarantined: Sequence[int] = (),
) -> None:
    """Store changes of orders, and the records of the transaction topic."""
    logs = [a_log(topic=topic, log_end=100) for topic in (ORDERS, TRANSACTIONS)]
    claims = {c.partition.topic: c.partition for c in await claimed(opened.store, *logs)}
    orders, other = claims[ORDERS].stream_id, claims[TRANSACTIONS].stream_id
    batch = a_batch(
        await opened.store.encoder(),
        [msgspec.structs.replace(change, stream_id=orders) for change in changes],
        control=[msgspec.structs.replace(message, stream_id=other) for message in control],
        quarantined=[
            a_quarantined_record(o, stream_id=orders, kafka_timestamp=now() // 1000)
            for o in quarantined
        ],
    )
    await stored(opened.store, batch)


async def judged(opened: Opened, **fields: Any) -> Sequence[JudgedTransaction]:  # noqa: ANN401 - of the query
    values: dict[str, Any] = {"since": 0, "until": now() + YEAR, **fields}
    check = CheckCompleteness(opened.transactions, grace=0)
    return [one async for page in check.run(EndsQuery(**values)) for one in page]


async def test_a_transaction_whose_changes_are_all_there_is_complete(opened: Opened) -> None:
    await write(opened, [a_change(0, 7, 1), a_change(1, 7, 2)], boundaries(0, 7, 2))

    (found,) = await judged(opened)

    assert found.state is TransactionState.COMPLETE
    assert found.transaction.tables == (TableCount("public.orders", 2, 2, 2, 2),)
    assert (found.transaction.begins, found.transaction.ends) == (1, 1)
    assert found.transaction.source_name == "shop"


async def test_what_lacks_is_pending_until_a_later_change_has_come(opened: Opened) -> None:
    await write(opened, [a_change(0, 7, 1), a_change(1, 7, 3)], boundaries(0, 7, 3))
    (before,) = await judged(opened)

    await write(opened, [a_change(2, 8, 1)], boundaries(2, 8, 1))
    after = await judged(opened)

    assert before.state is TransactionState.PENDING
    assert [(one.transaction.transaction_id, one.state.value) for one in after] == [
        ("7", "missing"),
        ("8", "complete"),
    ]


async def test_what_is_missing_is_recorded_once_as_an_open_gap_of_the_source(
    opened: Opened,
) -> None:
    await write(
        opened,
        [a_change(0, 7, 1), a_change(1, 7, 3), a_change(2, 8, 1)],
        [*boundaries(0, 7, 3), *boundaries(2, 8, 1)],
    )
    check = CheckCompleteness(opened.transactions, grace=0)
    found = await judged(opened)

    recorded = [await check.record(found), await check.record(found)]

    (gap,) = await opened.ledger.gaps(GapQuery(only_open=True))
    assert recorded == [1, 0]
    assert (gap.kind, gap.cause, gap.topic) == ("source", "missing_changes", TRANSACTIONS)
    assert (gap.first_offset, gap.next_offset) == (1, 1)
    assert "transaction 7 of shop ended at offset 1 of shop.transaction" in gap.evidence
    assert "public.orders 2 of 3" in gap.evidence


async def test_records_in_quarantine_may_be_what_lacks(opened: Opened) -> None:
    await write(
        opened,
        [a_change(0, 7, 1), a_change(2, 8, 1)],
        [*boundaries(0, 7, 2), *boundaries(2, 8, 1)],
        quarantined=[1],
    )

    states = [one.state.value for one in await judged(opened)]

    assert states == ["unknown", "complete"]


async def test_a_table_of_which_nothing_ever_came_is_not_known_to_be_read(opened: Opened) -> None:
    other = a_change(0, 8, 1, source_table="customers")
    await write(opened, [other], boundaries(0, 7, 1))

    (found,) = await judged(opened)

    assert found.state is TransactionState.UNKNOWN
    assert "no change of public.orders has ever come" in found.reason


async def test_the_same_id_of_another_source_is_another_transaction(opened: Opened) -> None:
    mine = [a_change(0, 7, 1), a_change(1, 8, 1)]
    another = a_change(2, 7, 2, source_name="other")
    await write(opened, [*mine, another, a_change(3, 9, 1)], boundaries(0, 7, 2))

    (found,) = await judged(opened)

    assert found.state is TransactionState.MISSING
    assert found.transaction.tables == (TableCount("public.orders", 2, 1, 1, 1),)


async def test_pages_go_on_where_the_last_one_ended(opened: Opened) -> None:
    control = [m for number in range(5) for m in boundaries(2 * number, 7 + number, 0)]
    await write(opened, [a_change(0, 7, 1)], control)

    found = await judged(opened, limit=2)

    assert [one.transaction.transaction_id for one in found] == ["7", "8", "9", "10", "11"]


async def test_one_transaction_is_judged_by_its_id(opened: Opened) -> None:
    await write(
        opened, [a_change(0, 7, 1), a_change(1, 8, 1)], [*boundaries(0, 7, 1), *boundaries(2, 8, 1)]
    )
    check = CheckCompleteness(opened.transactions, grace=0)

    found = await check.of_transaction("8", at=now())
    nobody = await check.of_transaction("9", at=now())

    assert found is not None
    assert (found.transaction.transaction_id, found.state.value) == ("8", "complete")
    assert nobody is None


async def test_a_partition_read_to_the_end_of_its_log_is_behind_nothing(opened: Opened) -> None:
    await write(opened, [a_change(0, 7, 1), a_change(1, 7, 3)], boundaries(0, 7, 3))

    async def ends(end: int) -> Sequence[tuple[str, str, int, int]]:
        return [("cluster", ORDERS, 0, end)]

    query = EndsQuery(since=0, until=now() + YEAR)
    read = CheckCompleteness(opened.transactions, lambda: ends(2), grace=0)
    behind = CheckCompleteness(opened.transactions, lambda: ends(3), grace=0)

    assert [one.state.value async for page in read.run(query) for one in page] == ["missing"]
    assert [one.state.value async for page in behind.run(query) for one in page] == ["pending"]

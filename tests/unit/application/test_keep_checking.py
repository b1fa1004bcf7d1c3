"""Checking transactions in the background: what becomes a gap, and what is away."""

from collections.abc import Sequence
from typing import Any

import msgspec

from adapters.memory.audit_store import MemoryAuditStore
from adapters.memory.completeness import MemoryEndedTransactions
from adapters.memory.trail import MemoryTrail
from application.check_completeness import CheckCompleteness, now
from application.keep_checking import WINDOW, KeepChecking
from application.patience import BackOff
from domain.audit_record import AuditRecord
from domain.control import ControlKind, ControlMessage
from domain.errors import SourceUnavailableError
from tests.builders import a_batch, a_control_message, a_log, a_record
from tests.contract.trail_writing import claimed, stored

ORDERS, TRANSACTIONS = "shop.public.orders", "shop.transaction"
HOUR = 3_600_000_000


class Scene:
    """A trail in memory, a Kafka that says how far its logs go, and what checks."""

    def __init__(self, *, every: float = 300.0) -> None:
        self.trail = MemoryTrail()
        self.store = MemoryAuditStore(self.trail)
        self.now = now()
        self.is_away = False
        self.asked = 0
        self.log_end = 0
        transactions = MemoryEndedTransactions(self.trail)
        check = CheckCompleteness(transactions, self.log_ends, grace=0)
        self.keep = KeepChecking(
            transactions,
            check,
            every=every,
            clock=lambda: self.now,
            back_off=BackOff(first=7.0, longest=7.0, chance=lambda: 1.0),
        )

    async def log_ends(self) -> Sequence[tuple[str, str, int, int]]:
        """How far the topic of orders goes."""
        self.asked += 1
        if self.is_away:
            raise SourceUnavailableError("kafka is gone")
        return [("cluster", ORDERS, 0, self.log_end)]

    async def write(self, changes: Sequence[AuditRecord], ends: Sequence[ControlMessage]) -> None:
        """Store changes, and BEGIN and END records."""
        logs = [a_log(topic=topic, log_end=1000) for topic in (ORDERS, TRANSACTIONS)]
        claims = {c.partition.topic: c.partition for c in await claimed(self.store, *logs)}
        orders, other = claims[ORDERS].stream_id, claims[TRANSACTIONS].stream_id
        batch = a_batch(
            await self.store.encoder(),
            [msgspec.structs.replace(change, stream_id=orders) for change in changes],
            control=[msgspec.structs.replace(message, stream_id=other) for message in ends],
        )
        await stored(self.store, batch)
        self.log_end += len(changes)

    def gaps(self) -> Sequence[str]:
        """The evidence of every gap of the source."""
        return [gap.evidence for gap in self.trail.gaps if gap.kind == "source"]

    def counts(self) -> dict[str, int]:
        """How many transactions of the last check are in each state."""
        return {state.value: count for state, count in self.keep.status().counts.items()}


def a_change(offset: int, transaction: int, place: int, **fields: Any) -> AuditRecord:  # noqa: ANN401 - any field
    values: dict[str, Any] = {
        "change_timestamp": now(),
        "transaction_id": str(transaction),
        "transaction_order": place,
        "collection_order": place,
        "source_position": f"{transaction * 100:016X}/{transaction * 100 + place:016X}",
        **fields,
    }
    return a_record(offset, **values)


def ends(offset: int, transaction: int, count: int, *, at: int) -> Sequence[ControlMessage]:
    table = {"data_collection": "public.orders", "event_count": count}
    end = {"status": "END", "id": str(transaction), "data_collections": [table]}
    fields: dict[str, Any] = {"transaction_id": str(transaction), "kafka_timestamp": at}
    text = msgspec.json.encode(end).decode()
    kind = ControlKind.TRANSACTION_END
    begin = a_control_message(offset, **fields)
    return [begin, a_control_message(offset + 1, kind=kind, payload=text, **fields)]


async def test_without_transaction_records_nobody_is_asked() -> None:
    scene = Scene()
    await scene.write([a_change(0, 7, 1)], [])

    pause = await scene.keep.round()

    assert (pause, scene.asked) == (300.0, 0)
    assert scene.keep.status().checked_at is None


async def test_what_is_missing_becomes_a_gap_of_the_source_once() -> None:
    scene = Scene()
    await scene.write([a_change(0, 7, 1)], ends(0, 7, 2, at=scene.now))

    await scene.keep.round()
    counted = scene.counts()
    await scene.keep.round()

    (evidence,) = scene.gaps()
    assert "public.orders 1 of 2" in evidence
    assert counted == {"missing": 1}


async def test_what_may_still_come_is_looked_at_again_and_is_no_gap_meanwhile() -> None:
    scene = Scene()
    await scene.write([a_change(0, 7, 1)], ends(0, 7, 2, at=scene.now - 2 * HOUR))
    await scene.write([], ends(2, 8, 0, at=scene.now))
    scene.log_end = 2

    await scene.keep.round()
    before, gaps = scene.counts(), scene.gaps()
    await scene.write([a_change(1, 7, 2)], [])
    scene.log_end = 2
    await scene.keep.round()

    assert (before, gaps) == ({"pending": 1, "complete": 1}, [])
    assert (scene.counts(), scene.gaps()) == ({"complete": 2}, [])


async def test_what_is_unknown_never_becomes_a_gap() -> None:
    scene = Scene()
    began_twice = [*ends(0, 7, 2, at=scene.now), *ends(2, 7, 2, at=scene.now)]
    await scene.write([a_change(0, 7, 1)], began_twice)

    await scene.keep.round()

    assert (scene.counts(), scene.gaps()) == ({"unknown": 2}, [])


async def test_what_is_settled_is_not_looked_at_again() -> None:
    scene = Scene()
    old = [*ends(0, 7, 1, at=scene.now - 2 * WINDOW), *ends(2, 8, 1, at=scene.now - HOUR)]
    await scene.write([a_change(0, 7, 1), a_change(1, 8, 1)], old)
    await scene.keep.round()
    first = scene.counts()

    await scene.write([a_change(2, 9, 1)], ends(4, 9, 1, at=scene.now))
    await scene.keep.round()
    await scene.keep.round()

    assert first == {"complete": 1}
    assert scene.counts() == {"complete": 1}


async def test_while_kafka_is_away_the_check_waits_says_so_and_goes_on() -> None:
    scene = Scene()
    await scene.write([a_change(0, 7, 1)], ends(0, 7, 2, at=scene.now))
    scene.is_away = True

    pause = await scene.keep.round()
    trouble, gaps = scene.keep.status().trouble, scene.gaps()
    scene.is_away = False
    await scene.keep.round()

    assert pause == 7.0
    assert trouble is not None
    assert "gone" in trouble
    assert (gaps, len(scene.gaps())) == ([], 1)
    assert scene.keep.status().trouble is None


async def test_an_interval_of_zero_checks_nothing() -> None:
    scene = Scene(every=0.0)
    await scene.write([a_change(0, 7, 1)], ends(0, 7, 2, at=scene.now))

    await scene.keep.run()

    assert (scene.asked, scene.gaps()) == (0, [])

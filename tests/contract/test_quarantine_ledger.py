"""The contract of `QuarantineLedger`: what people see of the quarantine, and what they resolve."""

from collections.abc import AsyncGenerator, Sequence

import pytest

from application.quarantine_ledger import QuarantineQuery
from domain.disposition import Tally
from domain.errors import ConnectionError as DatabaseConnectionError
from domain.quarantine_entry import QuarantineEntry, QuarantineEventKind
from tests.builders import a_quarantined_record
from tests.contract.quarantines import (
    EVERY_QUARANTINE,
    OpenQuarantine,
    Quarantine,
    quarantined,
)


@pytest.fixture(params=EVERY_QUARANTINE)
async def quarantine(request: pytest.FixtureRequest) -> AsyncGenerator[Quarantine]:
    """A quarantine of each kind."""
    open_quarantine: OpenQuarantine = request.param
    async with open_quarantine() as quarantine:
        yield quarantine


def numbers(entries: Sequence[QuarantineEntry]) -> list[int]:
    return [entry.error_id for entry in entries]


async def test_an_entry_has_the_record_as_it_came_and_is_open(quarantine: Quarantine) -> None:
    bad = a_quarantined_record(0)

    (entry,) = await quarantined(quarantine, bad)

    assert entry.record.value == bad.value
    assert entry.record.headers == bad.headers
    assert entry.record.kafka_timestamp == bad.kafka_timestamp
    assert (entry.is_open, entry.is_accounted, entry.retry_count) == (True, True, 0)
    assert (entry.cluster_id, entry.topic_id, entry.max_retries) == ("cluster", "life-1", 3)
    assert entry.created_at > 0
    assert await quarantine.ledger.find(entry.error_id) == entry
    assert await quarantine.ledger.find(entry.error_id + 1) is None


async def test_pages_follow_each_other_in_both_orders(quarantine: Quarantine) -> None:
    entries = await quarantined(quarantine, *(a_quarantined_record(o) for o in range(5)))
    ids = numbers(entries)
    search = quarantine.ledger.search

    newest = await search(QuarantineQuery(limit=2))
    following = await search(QuarantineQuery(limit=2, behind=newest[-1].error_id))
    oldest = await search(QuarantineQuery(limit=2, oldest_first=True))
    rest = await search(QuarantineQuery(oldest_first=True, behind=oldest[-1].error_id))

    assert numbers(newest) == [ids[4], ids[3]]
    assert numbers(following) == [ids[2], ids[1]]
    assert numbers(oldest) + numbers(rest) == ids


async def test_entries_are_found_by_topic_error_time_and_number(quarantine: Quarantine) -> None:
    kinds = ("ValidationError", "SchemaNotFoundError", "ValidationError")
    entries = await quarantined(
        quarantine, *(a_quarantined_record(o, error_type=k) for o, k in enumerate(kinds))
    )
    ids, search = numbers(entries), quarantine.ledger.search
    topic, at = entries[0].record.topic, entries[0].created_at

    assert len(await search(QuarantineQuery(topic=topic))) == 3
    assert await search(QuarantineQuery(topic="other")) == []
    assert numbers(await search(QuarantineQuery(error_type=kinds[1]))) == [ids[1]]
    assert await search(QuarantineQuery(until=at)) == []
    assert len(await search(QuarantineQuery(since=at))) == 3
    assert await search(QuarantineQuery(since=at + 3_600_000_000)) == []
    assert numbers(await search(QuarantineQuery(error_ids=[ids[0], ids[2]]))) == [ids[2], ids[0]]
    assert await search(QuarantineQuery(error_ids=[])) == []


async def test_resolving_closes_open_entries_and_leaves_the_count(quarantine: Quarantine) -> None:
    entries = await quarantined(quarantine, a_quarantined_record(0), a_quarantined_record(1))
    first, second = numbers(entries)
    stream_id = entries[0].record.stream_id

    resolved = await quarantine.ledger.resolve([first, 999], reason="a test\0of ours")
    again = await quarantine.ledger.resolve([first, second], reason="the other")

    assert list(resolved) == [first]
    assert list(again) == [second]
    found = await quarantine.ledger.find(first)
    assert found is not None
    assert (found.is_open, found.resolution) == (False, "resolved")
    assert (found.resolution_note or "").startswith("a test")
    assert await quarantine.ledger.search(QuarantineQuery(is_open=True)) == []
    assert len(await quarantine.ledger.search(QuarantineQuery(is_open=False))) == 2
    assert await quarantine.tally(stream_id) == Tally(quarantined=2)


async def test_the_history_begins_with_how_it_got_there(quarantine: Quarantine) -> None:
    (entry,) = await quarantined(quarantine)

    await quarantine.ledger.resolve([entry.error_id], reason="known")
    history = await quarantine.ledger.history(entry.error_id)

    assert [(event.kind, event.message) for event in history] == [
        (QuarantineEventKind.QUARANTINED, "the value is no JSON"),
        (QuarantineEventKind.RESOLVED, "known"),
    ]
    assert history[0].happened_at == entry.created_at
    assert history[1].actor
    assert list(await quarantine.ledger.history(entry.error_id + 1)) == []


async def test_without_its_database_it_says_so(quarantine: Quarantine) -> None:
    ledger, _, _ = await quarantine.unreachable()

    with pytest.raises(DatabaseConnectionError):
        await ledger.search(QuarantineQuery())
    with pytest.raises(DatabaseConnectionError):
        await ledger.resolve([1], reason="none")

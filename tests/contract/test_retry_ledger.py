"""The contract of `RetryLedger`: what is due is taken once, and gets its own place, or stays."""

from collections.abc import AsyncGenerator, Sequence

import msgspec
import pytest

from application.quarantine_ledger import RetryLedger
from domain.disposition import Tally
from domain.errors import AlreadyResolvedError
from domain.errors import ConnectionError as DatabaseConnectionError
from domain.operation import OperationTypeEnum
from domain.quarantine_entry import QuarantineEntry, QuarantineEventKind, RetryFailure
from tests.builders import a_control_message, a_quarantined_record, a_record
from tests.contract.quarantines import (
    EVERY_QUARANTINE,
    OpenQuarantine,
    Quarantine,
    a_batch_of,
    quarantined,
)
from tests.contract.trails import BROKEN_JSON

NOT_YET = RetryFailure("SchemaNotFoundError", "not registered yet")


@pytest.fixture(params=EVERY_QUARANTINE)
async def quarantine(request: pytest.FixtureRequest) -> AsyncGenerator[Quarantine]:
    """A quarantine of each kind."""
    open_quarantine: OpenQuarantine = request.param
    async with open_quarantine() as quarantine:
        yield quarantine


async def due(
    ledger: RetryLedger, *, limit: int = 100, first_delay: float = 0.0, lease: float = 60.0
) -> Sequence[int]:
    taken = await ledger.claim_due(limit=limit, first_delay=first_delay, lease=lease)
    return [entry.error_id for entry in taken]


def ids(entries: Sequence[QuarantineEntry]) -> Sequence[int]:
    return [entry.error_id for entry in entries]


async def test_what_is_due_is_taken_once_oldest_first(quarantine: Quarantine) -> None:
    entries = await quarantined(quarantine, *(a_quarantined_record(o) for o in range(3)))
    ours, others = await quarantine.retries(), await quarantine.retries()

    first = await due(ours, limit=2)
    rest = await due(others)
    none = await due(ours)

    assert [*first, *rest] == ids(entries)
    assert len(first) == 2
    assert none == []


async def test_a_lease_that_has_ended_makes_it_due_again(quarantine: Quarantine) -> None:
    entries = await quarantined(quarantine)
    retries = await quarantine.retries()

    await due(retries, lease=0.0)

    assert await due(retries) == ids(entries)


async def test_the_first_retry_waits_for_the_first_delay(quarantine: Quarantine) -> None:
    await quarantined(quarantine)

    assert await due(await quarantine.retries(), first_delay=3600.0) == []


async def test_a_failure_is_counted_told_and_due_later(quarantine: Quarantine) -> None:
    (entry,) = await quarantined(quarantine)
    retries = await quarantine.retries()

    await retries.fail(entry, NOT_YET, delay=3600.0)

    assert await due(retries) == []
    found = await quarantine.ledger.find(entry.error_id)
    assert found is not None
    assert (found.retry_count, found.is_open) == (1, True)
    assert found.record.error_type == "SchemaNotFoundError"
    assert found.next_retry_at is not None
    history = await quarantine.ledger.history(entry.error_id)
    assert [(event.kind, event.error_type) for event in history] == [
        (QuarantineEventKind.QUARANTINED, "ValidationError"),
        (QuarantineEventKind.FAILED, "SchemaNotFoundError"),
    ]
    assert [event.actor is None for event in history] == [True, False]


async def test_after_too_many_failures_it_is_not_taken_by_itself(quarantine: Quarantine) -> None:
    (entry,) = await quarantined(quarantine)
    retries = await quarantine.retries()

    for _ in range(entry.max_retries):
        assert await due(retries) == ids([entry])
        await retries.fail(entry, NOT_YET, delay=0.0)

    assert await due(retries) == []


async def test_what_is_put_back_is_not_counted(quarantine: Quarantine) -> None:
    (entry,) = await quarantined(quarantine)
    retries = await quarantine.retries()
    await due(retries)

    await retries.put_back([entry], delay=0.0)

    assert await due(retries) == ids([entry])
    found = await quarantine.ledger.find(entry.error_id)
    assert found is not None
    assert found.retry_count == 0


async def test_entries_of_another_running_writer_are_left_to_it(quarantine: Quarantine) -> None:
    await quarantined(quarantine)

    assert await due(await quarantine.retries("writer-2")) == []


async def test_what_ended_its_worker_is_not_taken_by_itself(quarantine: Quarantine) -> None:
    await quarantined(quarantine, a_quarantined_record(0, error_type="WorkerKilledError"))

    assert await due(await quarantine.retries()) == []


async def test_a_row_gets_its_own_place_and_one_count_moves(quarantine: Quarantine) -> None:
    entries = await quarantined(quarantine, *(a_quarantined_record(o) for o in range(3)))
    stream_id = entries[1].record.stream_id
    record = a_record(1, stream_id=stream_id)
    retries = await quarantine.retries()

    refused = await retries.place(entries[1], await a_batch_of(quarantine, record))

    assert refused is None
    stored = await quarantine.reader.find(stream_id, 0, 1)
    assert stored is not None
    assert stored.record == record
    assert await quarantine.tally(stream_id) == Tally(audited=1, quarantined=2)
    found = await quarantine.ledger.find(entries[1].error_id)
    assert found is not None
    assert (found.is_open, found.resolution) == (False, "retried")
    assert await due(retries) == ids([entries[0], entries[2]])
    history = await quarantine.ledger.history(entries[1].error_id)
    assert [event.kind for event in history] == ["quarantined", "retried"]


@pytest.mark.parametrize("kind", ["baseline", "control", "skipped"])
async def test_the_count_moves_to_what_the_record_became(quarantine: Quarantine, kind: str) -> None:
    (entry,) = await quarantined(quarantine)
    stream_id = entry.record.stream_id
    results = {
        "baseline": a_record(0, stream_id=stream_id, operation=OperationTypeEnum.SNAPSHOT),
        "control": a_control_message(0, stream_id=stream_id),
        "skipped": None,
    }

    batch = await a_batch_of(quarantine, results[kind])
    refused = await (await quarantine.retries()).place(entry, batch)

    assert refused is None
    assert await quarantine.tally(stream_id) == Tally(**{kind: 1})


async def test_a_row_that_the_database_refuses_leaves_everything_as_it_was(
    quarantine: Quarantine,
) -> None:
    (entry,) = await quarantined(quarantine)
    stream_id = entry.record.stream_id
    broken = a_record(0, stream_id=stream_id, new_data=BROKEN_JSON)

    refused = await (await quarantine.retries()).place(entry, await a_batch_of(quarantine, broken))

    assert refused is not None
    assert "invalid input syntax for type json" in refused.error_message
    assert await quarantine.tally(stream_id) == Tally(quarantined=1)
    assert await quarantine.ledger.find(entry.error_id) == entry


async def test_a_rehearsal_leaves_everything_as_it_was(quarantine: Quarantine) -> None:
    (entry,) = await quarantined(quarantine)
    stream_id = entry.record.stream_id
    batch = await a_batch_of(quarantine, a_record(0, stream_id=stream_id))

    refused = await (await quarantine.retries()).place(entry, batch, rehearse=True)

    assert refused is None
    assert await quarantine.reader.find(stream_id, 0, 0) is None
    assert await quarantine.tally(stream_id) == Tally(quarantined=1)
    assert await quarantine.ledger.find(entry.error_id) == entry


async def test_the_slower_of_two_is_told_and_stores_nothing(quarantine: Quarantine) -> None:
    (entry,) = await quarantined(quarantine)
    stream_id = entry.record.stream_id
    batch = await a_batch_of(quarantine, a_record(0, stream_id=stream_id))
    ours, others = await quarantine.retries(), await quarantine.retries()
    await ours.place(entry, batch)

    with pytest.raises(AlreadyResolvedError):
        await others.place(entry, batch)
    await others.fail(entry, NOT_YET, delay=0.0)

    assert await quarantine.tally(stream_id) == Tally(audited=1)
    found = await quarantine.ledger.find(entry.error_id)
    assert found is not None
    assert (found.resolution, found.retry_count) == ("retried", 0)


async def test_without_its_database_it_says_so(quarantine: Quarantine) -> None:
    (entry,) = await quarantined(quarantine)
    batch = await a_batch_of(quarantine, a_record(0, stream_id=entry.record.stream_id))
    _, retries, _ = await quarantine.unreachable()

    with pytest.raises(DatabaseConnectionError):
        await due(retries)
    with pytest.raises(DatabaseConnectionError):
        await retries.place(msgspec.structs.replace(entry), batch)
    with pytest.raises(DatabaseConnectionError):
        await retries.fail(entry, NOT_YET, delay=0.0)
    with pytest.raises(DatabaseConnectionError):
        await retries.put_back([entry], delay=0.0)

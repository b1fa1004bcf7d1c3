"""Retrying one record: what it becomes, why it stays, and what is nobody's fault."""

import msgspec
import pytest

from application.retry_quarantined import (
    RetryOutcome,
    RetrySchedule,
)
from domain.disposition import Disposition, Tally
from domain.errors import SchemaRegistryUnavailableError
from tests.unit.application.retrying import Scene


async def test_a_record_that_can_be_decoded_now_gets_its_own_place() -> None:
    scene = Scene()
    entries = await scene.quarantine(b"a", b"b", b"c")
    scene.decoder.is_mended = True

    report = await scene.retry.retry(entries[1])

    assert (report.outcome, report.disposition) == (RetryOutcome.PLACED, Disposition.AUDITED)
    assert report.what == "INSERT"
    assert scene.rows() == [(1, "b")]
    assert scene.tally() == Tally(audited=1, quarantined=2)
    assert scene.reports == [report]


async def test_the_decoder_sees_the_record_as_it_was_consumed() -> None:
    scene = Scene()
    (entry,) = await scene.quarantine(b"a")
    original = scene.broker.logs["orders", 0].records[0]

    assert await scene.rebuild.rebuild(entry) == original


async def test_a_failure_is_counted_and_due_later_and_later() -> None:
    scene = Scene()
    (entry,) = await scene.quarantine(b"a")
    delays: list[float] = []

    for _ in range(3):
        await scene.retry.retry((await scene.entries())[0])
        due = (await scene.entries())[0].next_retry_at
        delays.append(((due or 0) - scene.now) / 1_000_000)

    failures = [report.failure for report in scene.reports]
    assert [f and f.error_message for f in failures] == ["not mended yet"] * 3
    assert delays == [20.0, 30.0, 30.0]
    assert (await scene.entries())[0].retry_count == 3
    assert scene.tally() == Tally(quarantined=1)
    assert entry.retry_count == 0


@pytest.mark.parametrize(("chance", "delay"), [(0.0, 5.0), (0.5, 7.5), (1.0, 10.0)])
def test_jitter_takes_up_to_half_of_a_delay(chance: float, delay: float) -> None:
    assert RetrySchedule(first=10.0, factor=2.0).delay(0, chance) == delay


def test_no_number_of_failures_is_too_large_for_the_schedule() -> None:
    assert RetrySchedule(first=10.0, factor=100.0, longest=99.0).delay(10**6, 1.0) == 99.0


async def test_a_row_that_the_database_refuses_stays() -> None:
    scene = Scene()
    (entry,) = await scene.quarantine(b"a")
    scene.decoder.is_mended = True
    scene.refuses = lambda _: "too strict"

    report = await scene.retry.retry(entry)

    assert report.outcome is RetryOutcome.FAILED
    assert report.failure is not None
    assert report.failure.error_message == "too strict"
    assert (await scene.entries())[0].retry_count == 1


async def test_trouble_is_raised_and_counts_nothing() -> None:
    scene = Scene()
    (entry,) = await scene.quarantine(b"a")
    scene.decoder.is_away = True

    with pytest.raises(SchemaRegistryUnavailableError):
        await scene.retry.retry(entry)

    assert await scene.entries() == [entry]
    assert scene.reports == []


async def test_a_rehearsal_tells_the_outcome_and_changes_nothing() -> None:
    scene = Scene()
    (entry,) = await scene.quarantine(b"a")

    before = await scene.retry.rehearse(entry)
    scene.decoder.is_mended = True
    after = await scene.retry.rehearse(entry)

    assert (before.outcome, after.outcome) == (RetryOutcome.FAILED, RetryOutcome.PLACED)
    assert await scene.entries() == [entry]
    assert scene.rows() == []
    assert scene.reports == []


async def test_what_was_resolved_meanwhile_is_left_alone() -> None:
    scene = Scene()
    (entry,) = await scene.quarantine(b"a")
    scene.decoder.is_mended = True
    await scene.ledger.resolve([entry.error_id], reason="known")

    report = await scene.retry.retry(entry)

    assert report.outcome is RetryOutcome.GONE
    assert scene.tally() == Tally(quarantined=1)


async def test_what_a_program_created_has_no_place() -> None:
    scene = Scene()
    (entry,) = await scene.quarantine(b"a")
    scene.decoder.is_mended = True

    report = await scene.retry.retry(msgspec.structs.replace(entry, is_accounted=False))

    assert report.outcome is RetryOutcome.GONE
    assert scene.rows() == []

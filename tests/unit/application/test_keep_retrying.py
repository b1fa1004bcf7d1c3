"""Retrying in the background: what is due, and what is away."""

from application.keep_retrying import AT_ONCE
from domain.disposition import Tally
from domain.quarantine import withheld
from tests.unit.application.retrying import Scene


async def test_in_the_background_everything_that_is_due_gets_its_place() -> None:
    scene = Scene()
    await scene.quarantine(*(b"%d" % n for n in range(AT_ONCE + 1)))
    scene.decoder.is_mended = True

    early = await scene.keep.round()
    scene.now += 10_000_000
    first, second = await scene.keep.round(), await scene.keep.round()

    assert early == 5.0
    assert (first, second) == (0.0, 5.0)
    assert scene.tally() == Tally(audited=AT_ONCE + 1)


async def test_in_the_background_trouble_puts_everything_back_uncounted() -> None:
    scene = Scene()
    await scene.quarantine(b"a", b"b")
    scene.now += 10_000_000
    scene.decoder.is_away = True

    pause = await scene.keep.round()
    entries = await scene.entries()
    scene.decoder.is_away, scene.decoder.is_mended = False, True
    scene.now += 10_000_000
    await scene.keep.round()

    assert pause == 7.0
    assert [entry.retry_count for entry in entries] == [0, 0]
    assert scene.tally() == Tally(audited=2)


async def test_in_the_background_a_database_that_is_away_is_waited_for() -> None:
    scene = Scene()
    await scene.quarantine(b"a")
    scene.now += 10_000_000
    scene.decoder.is_mended = True
    scene.ledger.available = False

    pause = await scene.keep.round()
    scene.ledger.available = True
    await scene.keep.round()

    assert pause == 7.0
    assert scene.tally() == Tally(audited=1)


async def test_in_the_background_a_record_is_given_up_after_its_retries() -> None:
    scene = Scene()
    await scene.quarantine(b"a")

    for _ in range(10):
        scene.now += 100_000_000
        await scene.keep.round()

    assert (await scene.entries())[0].retry_count == 3
    assert len(scene.reports) == 3


async def test_in_the_background_one_that_is_always_in_trouble_keeps_no_other_out() -> None:
    scene = Scene()
    await scene.quarantine(b"a", b"b", b"c")
    first = next(iter(scene.trail.quarantine))
    scene.trail.quarantine[first] = withheld(scene.trail.quarantine[first])
    scene.trail.entries.clear()
    await scene.entries()
    scene.now += 10_000_000
    scene.decoder.is_mended = True
    scene.broker.available = False

    await scene.keep.round()
    await scene.keep.round()

    assert scene.rows() == [(1, "b"), (2, "c")]
    assert (await scene.entries())[0].retry_count == 0

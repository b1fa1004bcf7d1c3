"""Pauses, the reasons for holding the source, and the room in front of it."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.patience import BackOff, Holds, QueueRoom, wait_for_event


class Switch:
    """A source that is held or not."""

    def __init__(self) -> None:
        self.turns: list[str] = []

    def holds(self) -> Holds:
        """Holds of it."""
        return Holds(
            pause=lambda: self.turns.append("pause"), resume=lambda: self.turns.append("resume")
        )


def test_pauses_double_up_to_the_longest() -> None:
    back_off = BackOff(first=1.0, longest=5.0, chance=lambda: 1.0)

    assert [back_off.next_pause() for _ in range(5)] == [1.0, 2.0, 4.0, 5.0, 5.0]


def test_jitter_takes_at_most_half() -> None:
    back_off = BackOff(first=1.0, longest=5.0, chance=lambda: 0.0)

    assert [back_off.next_pause() for _ in range(4)] == [0.5, 1.0, 2.0, 2.5]


def test_after_a_reset_the_first_pause_comes_again() -> None:
    back_off = BackOff(first=1.0, longest=5.0, chance=lambda: 1.0)
    back_off.next_pause()
    back_off.next_pause()

    back_off.reset()

    assert back_off.next_pause() == 1.0


@given(tries=st.integers(1, 2000))
def test_no_pause_is_ever_too_long(tries: int) -> None:
    back_off = BackOff(first=0.1, longest=5.0)

    pauses = [back_off.next_pause() for _ in range(tries)]

    assert all(0.05 <= pause <= 5.0 for pause in pauses)


def test_the_source_is_held_by_the_first_and_let_go_by_the_last() -> None:
    source = Switch()
    holds = source.holds()

    holds.hold("store", "the database is away")
    holds.hold("broker", "the broker is away")
    holds.let_go("store")
    holds.let_go("broker")

    assert source.turns == ["pause", "resume"]


def test_holding_twice_needs_letting_go_once() -> None:
    source = Switch()
    holds = source.holds()

    holds.hold("store", "away")
    holds.hold("store", "still away")
    reason = holds.reason
    holds.let_go("store")

    assert reason == "still away"
    assert source.turns == ["pause", "resume"]
    assert "store" not in holds


def test_letting_go_of_nothing_does_nothing() -> None:
    source = Switch()
    holds = source.holds()

    holds.let_go("store")

    assert source.turns == []


def test_a_hold_without_a_reason_is_no_trouble() -> None:
    holds = Switch().holds()

    holds.hold("queue")

    assert "queue" in holds
    assert holds.reason is None


async def test_there_is_room_below_the_limit() -> None:
    room = QueueRoom(100, Switch().holds())
    room.taken(99)

    await room.wait()

    assert room.queued == 99


async def test_without_room_it_is_waited_for() -> None:
    source = Switch()
    room = QueueRoom(100, source.holds(), patience=3600.0)
    room.taken(150)

    waiting = asyncio.create_task(room.wait())
    await asyncio.sleep(0)
    was_waiting = not waiting.done()
    room.freed(50)
    await asyncio.sleep(0)
    at_the_limit = not waiting.done()
    room.freed(1)
    await waiting

    assert was_waiting
    assert at_the_limit
    assert source.turns == []


async def test_after_a_while_without_room_the_source_is_held_until_there_is_some() -> None:
    source = Switch()
    room = QueueRoom(100, source.holds(), patience=0.001)
    room.taken(100)

    await room.wait()
    await room.wait()  # held: it may be polled on without room
    held = list(source.turns)
    room.freed(1)

    assert held == ["pause"]
    assert source.turns == ["pause", "resume"]


@pytest.mark.parametrize("seconds", [None, 60.0])
async def test_an_event_that_is_set_is_not_waited_for(seconds: float | None) -> None:
    event = asyncio.Event()
    event.set()

    assert await wait_for_event(event, seconds)


async def test_an_event_that_never_comes_is_given_up() -> None:
    assert not await wait_for_event(asyncio.Event(), 0.001)

"""The contract of `TopicOrders`: an order holds until it ends, and is there for everybody."""

import time
from collections.abc import AsyncGenerator

import pytest

from domain.errors import ConnectionError as DatabaseConnectionError
from tests.contract.quarantines import EVERY_QUARANTINE, OpenQuarantine, Quarantine

HOUR = 3_600_000_000


@pytest.fixture(params=EVERY_QUARANTINE)
async def quarantine(request: pytest.FixtureRequest) -> AsyncGenerator[Quarantine]:
    """A quarantine of each kind."""
    open_quarantine: OpenQuarantine = request.param
    async with open_quarantine() as quarantine:
        yield quarantine


async def test_an_order_holds_until_it_is_ended(quarantine: Quarantine) -> None:
    orders = quarantine.orders

    given = await orders.give("shop.orders", until=None, reason="a bad deploy")
    held = await orders.current()
    ended = await orders.end("shop.orders")

    assert held == [given]
    assert (given.reason, given.until) == ("a bad deploy", None)
    assert given.ordered_by
    assert ended
    assert await orders.current() == []


async def test_an_order_ends_by_itself(quarantine: Quarantine) -> None:
    now = time.time_ns() // 1000

    await quarantine.orders.give("past", until=now - HOUR, reason=None)
    given = await quarantine.orders.give("future", until=now + HOUR, reason=None)

    assert await quarantine.orders.current() == [given]
    assert given.until == now + HOUR
    assert not await quarantine.orders.end("past")


async def test_a_new_order_takes_the_place_of_the_one_before(quarantine: Quarantine) -> None:
    await quarantine.orders.give("b", until=None, reason="first")
    second = await quarantine.orders.give("b", until=None, reason="second")
    other = await quarantine.orders.give("a", until=None, reason=None)

    assert await quarantine.orders.current() == [other, second]


async def test_ending_what_was_never_ordered_changes_nothing(quarantine: Quarantine) -> None:
    assert not await quarantine.orders.end("never")


async def test_without_its_database_it_says_so(quarantine: Quarantine) -> None:
    _, _, orders = await quarantine.unreachable()

    with pytest.raises(DatabaseConnectionError):
        await orders.current()

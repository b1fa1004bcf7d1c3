"""What the service makes of an operator's orders: told to the pipeline, and kept in an outage."""

from collections.abc import Mapping

import pytest

from adapters.memory.topic_orders import MemoryTopicOrders
from application.topic_orders import HeedOrders, in_words
from domain.topic_order import TopicOrder

MIDNIGHT = 1_767_225_600_000_000


class Heeding:
    """Orders in memory, and what the pipeline was told of them."""

    def __init__(self) -> None:
        self.orders = MemoryTopicOrders(clock=lambda: MIDNIGHT)
        self.told: list[Mapping[str, str]] = []
        self.heed = HeedOrders(self.orders, self.told.append)


async def test_the_pipeline_is_told_of_orders_and_of_their_end() -> None:
    heeding = Heeding()
    await heeding.orders.give("orders", until=None, reason=None)

    await heeding.heed.look()
    await heeding.orders.end("orders")
    await heeding.heed.look()

    assert [list(told) for told in heeding.told] == [["orders"], []]


async def test_what_held_before_an_outage_of_the_database_holds_on() -> None:
    heeding = Heeding()
    await heeding.orders.give("orders", until=None, reason=None)
    await heeding.heed.look()

    heeding.orders.available = False
    await heeding.heed.look()

    assert [list(told) for told in heeding.told] == [["orders"]]


async def test_the_log_tells_of_each_order_and_of_its_end_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heeding = Heeding()
    await heeding.heed.look()
    await heeding.orders.give("orders", until=None, reason="a bad deploy")
    await heeding.heed.look()
    await heeding.heed.look()
    await heeding.orders.end("orders")
    await heeding.heed.look()

    begun, ended = [vars(record) for record in caplog.records]

    assert (begun["message"], begun["topic"]) == ("an order about a topic holds", "orders")
    assert begun["order"].startswith("whatever fails is quarantined until it is ended, as ")
    assert begun["order"].endswith(": a bad deploy")
    assert (ended["message"], ended["topic"]) == ("the order about a topic has ended", "orders")


def test_an_order_is_told_with_who_when_until_when_and_why() -> None:
    order = TopicOrder(
        topic="orders",
        reason="a bad deploy",
        ordered_at=MIDNIGHT,
        ordered_by="alice",
        until=MIDNIGHT + 3_600_000_000,
    )

    words = in_words(order)

    assert words == (
        "whatever fails is quarantined until 2026-01-01T01:00:00Z, as alice ordered at "
        "2026-01-01T00:00:00Z: a bad deploy"
    )

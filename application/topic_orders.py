"""
The operator's orders about topics, as the service learns of them: through the trail's database.

    operator ──▶ give, end ──▶ TopicOrders ◀── current ── HeedOrders ──▶ heed (the pipeline)

They hold from before the service runs, and over its restarts, until they end.
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from domain.errors import RepositoryError
from domain.topic_order import TopicOrder

logger = logging.getLogger(__name__)

LOOK_EVERY = 2.0
"""Seconds between two looks at the orders."""


class TopicOrders(Protocol):
    """Where orders are kept. Every method raises a `RepositoryError` where it cannot be used."""

    async def current(self) -> Sequence[TopicOrder]:
        """The orders that hold now, by topic."""
        ...

    async def give(self, topic: str, *, until: int | None, reason: str | None) -> TopicOrder:
        """
        Order that whatever fails of `topic` is quarantined; an order before is ended.

        Args:
            topic: The topic; it need not be known yet.
            until: When it ends by itself; microseconds since 1970, UTC. None for never.
            reason: Why.
        """
        ...

    async def end(self, topic: str) -> bool:
        """End the order about `topic`. False if there was none."""
        ...


class HeedOrders:
    """
    Tells the pipeline which orders hold.

    Args:
        orders: Where they are kept.
        heed: Told of the topics and, in words, the orders; whenever they may have changed.
        pause: Seconds between two looks.
    """

    def __init__(
        self,
        orders: TopicOrders,
        heed: Callable[[Mapping[str, str]], None],
        *,
        pause: float = LOOK_EVERY,
    ) -> None:
        self._orders = orders
        self._heed = heed
        self._pause = pause
        self._is_away = False
        self._known: Mapping[str, str] = {}

    async def run(self) -> None:
        """Look again and again. What held when the database went away holds on."""
        while True:
            await self.look()
            await asyncio.sleep(self._pause)

    async def look(self) -> None:
        """Look once."""
        try:
            found = await self._orders.current()
        except RepositoryError as error:
            if not self._is_away:
                logger.warning("orders cannot be read now", extra={"reason": str(error)})
            self._is_away = True
            return
        self._is_away = False
        told = {order.topic: in_words(order) for order in found}
        _log_news(self._known, told)
        self._known = told
        self._heed(told)


def _log_news(before: Mapping[str, str], now: Mapping[str, str]) -> None:
    for topic, words in now.items():
        if before.get(topic) != words:
            logger.warning("an order about a topic holds", extra={"topic": topic, "order": words})
    for topic in before.keys() - now.keys():
        logger.warning("the order about a topic has ended", extra={"topic": topic})


def in_words(order: TopicOrder) -> str:
    """Say who ordered what, since when and until when."""
    until = "until it is ended" if order.until is None else f"until {_time(order.until)}"
    why = f": {order.reason}" if order.reason else ""
    return (
        f"whatever fails is quarantined {until}, as {order.ordered_by} ordered at "
        f"{_time(order.ordered_at)}{why}"
    )


def _time(microseconds: int) -> str:
    at = dt.datetime.fromtimestamp(microseconds // 1_000_000, tz=dt.UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")

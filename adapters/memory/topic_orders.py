"""Orders about topics in memory."""

import time
from collections.abc import Callable, Sequence

from domain.errors import ConnectionError as DatabaseConnectionError
from domain.topic_order import TopicOrder


class MemoryTopicOrders:
    """
    Keeps orders.

    Args:
        clock: Microseconds since 1970.

    Attributes:
        available: Set it to False, and every method raises `ConnectionError`.
    """

    def __init__(self, *, clock: Callable[[], int] = lambda: time.time_ns() // 1000) -> None:
        self._clock = clock
        self._orders: dict[str, TopicOrder] = {}
        self.available = True

    async def current(self) -> Sequence[TopicOrder]:
        self._check_available()
        return [order for _, order in sorted(self._orders.items()) if self._holds(order)]

    async def give(self, topic: str, *, until: int | None, reason: str | None) -> TopicOrder:
        self._check_available()
        order = TopicOrder(
            topic=topic,
            reason=reason,
            ordered_at=self._clock(),
            ordered_by="memory",
            until=until,
        )
        self._orders[topic] = order
        return order

    async def end(self, topic: str) -> bool:
        self._check_available()
        order = self._orders.pop(topic, None)
        return order is not None and self._holds(order)

    def _holds(self, order: TopicOrder) -> bool:
        return order.until is None or order.until > self._clock()

    def _check_available(self) -> None:
        if not self.available:
            raise DatabaseConnectionError("the in-memory database is away. Set `available`.")

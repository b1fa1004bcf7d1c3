"""Reads the topics of a `MemoryBroker` again, without a group."""

from collections.abc import AsyncGenerator

from adapters.memory.broker import MemoryBroker
from application.bookkeeping import LogExtent
from domain.account import Account
from domain.consumed import ConsumedRecord
from domain.errors import SourceUnavailableError
from domain.stream import StreamPartition


class MemoryTopicReader:
    """
    Reads what there still is of topics.

    Args:
        broker: Has them.
    """

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker

    async def extent(self, account: Account) -> LogExtent | None:
        self._check_available()
        place = (account.partition.topic, account.partition.partition)
        if place not in self._broker.logs:
            return None
        log = self._broker.describe(*place)
        if (log.cluster_id, log.topic_id) != (account.cluster_id, account.topic_id):
            return None
        return LogExtent(log.log_start, log.log_end)

    async def read(
        self, partition: StreamPartition, *, start: int, end: int
    ) -> AsyncGenerator[ConsumedRecord]:
        self._check_available()
        log = self._broker.logs[partition.topic, partition.partition]
        for offset in range(start, end):
            if offset in log.damaged:
                raise SourceUnavailableError(f"offset {offset} cannot be read: it is damaged.")
            if (record := log.records.get(offset)) is not None:
                yield record

    def _check_available(self) -> None:
        if not self._broker.available:
            raise SourceUnavailableError("the in-memory broker is away. Set `available`.")

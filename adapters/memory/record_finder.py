"""Reads single records again from a `MemoryBroker`."""

from adapters.memory.broker import MemoryBroker
from domain.consumed import ConsumedRecord
from domain.errors import SourceUnavailableError
from domain.quarantine_entry import QuarantineEntry


class MemoryRecordFinder:
    """
    Looks into the logs.

    Args:
        broker: The cluster.
    """

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker

    async def find(self, entry: QuarantineEntry) -> ConsumedRecord | None:
        if not self._broker.available:
            raise SourceUnavailableError("the in-memory broker is away. Set `available`.")
        bad = entry.record
        log = self._broker.logs.get((bad.topic, bad.kafka_partition))
        if log is None or bad.kafka_offset < log.start:
            return None
        life = self._broker.describe(bad.topic, bad.kafka_partition)
        if (life.cluster_id, life.topic_id) != (entry.cluster_id, entry.topic_id):
            return None
        return log.records.get(bad.kafka_offset)

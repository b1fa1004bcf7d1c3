"""
Reads a single record again, where Kafka still has it in the same life of its topic.

    is the topic there? ──▶ the same cluster and topic id? ──▶ within the log? ──▶ read one record
"""

import re

from adapters.kafka.admin import KafkaAdmin
from adapters.kafka.config import KafkaConfig
from adapters.kafka.excerpt import Excerpt, read_excerpt
from domain.consumed import ConsumedRecord
from domain.errors import CdcAuditError, SourceUnavailableError
from domain.quarantine_entry import QuarantineEntry
from domain.stream import LogPartition


class KafkaRecordFinder:
    """
    Reads without a group; nothing is committed.

    Args:
        config: How to reach Kafka.
    """

    def __init__(self, config: KafkaConfig) -> None:
        self._config = config

    async def find(self, entry: QuarantineEntry) -> ConsumedRecord | None:
        bad = entry.record
        log = await self._log(bad.topic, bad.kafka_partition)
        if log is None or not _is_its_life(log, entry):
            return None
        if not log.log_start <= bad.kafka_offset < log.log_end:
            return None
        wanted = Excerpt(
            topic=bad.topic, partition=bad.kafka_partition, offset=bad.kafka_offset, count=1
        )
        records = read_excerpt(self._config, wanted)
        try:
            found = await anext(records, None)
        except SourceUnavailableError:
            raise
        except CdcAuditError:  # the topic or the offset went away between the two looks
            return None
        finally:
            await records.aclose()
        return found if found is not None and found.offset == bad.kafka_offset else None

    async def _log(self, topic: str, partition: int) -> LogPartition | None:
        admin = KafkaAdmin(self._config)
        there = await admin.partitions(re.compile(rf"{re.escape(topic)}\Z"))
        if (topic, partition) not in there:
            return None
        (log,) = await admin.describe([(topic, partition)])
        return log


def _is_its_life(log: LogPartition, entry: QuarantineEntry) -> bool:
    ids = (log.topic_id, entry.topic_id)
    return log.cluster_id == entry.cluster_id and (None in ids or log.topic_id == entry.topic_id)

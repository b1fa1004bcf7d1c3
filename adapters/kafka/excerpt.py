"""
A few records of one partition, for looking at: no group, nothing committed, no topic made.

    where the log begins and ends ──▶ read from an offset ──▶ up to `count` records, or that end
"""

import re
from collections.abc import AsyncGenerator

import msgspec
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from adapters.kafka.admin import KafkaAdmin
from adapters.kafka.config import KafkaConfig
from adapters.kafka.reader import new_reader
from domain.consumed import ConsumedRecord
from domain.errors import CdcAuditError, SourceUnavailableError


class Excerpt(msgspec.Struct, frozen=True, kw_only=True):
    """
    Which records.

    Attributes:
        topic: Name of the topic.
        partition: Its partition.
        offset: Offset of the first one, or where it would be: holes are passed over.
        count: Most records to read.
    """

    topic: str
    partition: int
    offset: int
    count: int


async def read_excerpt(config: KafkaConfig, wanted: Excerpt) -> AsyncGenerator[ConsumedRecord]:
    """
    Read `wanted`, or what there is of it now.

    Raises:
        CdcAuditError: There is no such partition, or the offset is not in it.
        SourceUnavailableError: Kafka cannot be reached, or broke off.
    """
    end = await _log_end(config, wanted)
    place = TopicPartition(wanted.topic, wanted.partition)
    left = wanted.count
    consumer = new_reader(config)
    try:
        await consumer.start()
        consumer.assign([place])
        consumer.seek(place, wanted.offset)
        while left > 0 and await consumer.position(place) < end:
            fetched = await consumer.getmany(
                place, timeout_ms=config.consumer_timeout_ms, max_records=left
            )
            for record in fetched.get(place, ()):
                yield record
            left -= len(fetched.get(place, ()))
    except KafkaError as error:
        servers = ", ".join(config.bootstrap_servers)
        raise SourceUnavailableError(f"Kafka at {servers} broke off: {error}") from error
    finally:
        await consumer.stop()


async def _log_end(config: KafkaConfig, wanted: Excerpt) -> int:
    """Where the partition ends now. aiokafka is not asked: it would have the topic made."""
    admin = KafkaAdmin(config)
    there = await admin.partitions(re.compile(rf"{re.escape(wanted.topic)}\Z"))
    if not there:
        servers = ", ".join(config.bootstrap_servers)
        raise CdcAuditError(f"there is no topic {wanted.topic} on Kafka at {servers}.")
    place = (wanted.topic, wanted.partition)
    if place not in there:
        known = ", ".join(str(partition) for _, partition in there)
        raise CdcAuditError(
            f"topic {wanted.topic} has no partition {wanted.partition}, but {known}."
        )
    (log,) = await admin.describe([place])
    if not log.log_start <= wanted.offset < log.log_end:
        raise CdcAuditError(
            f"offset {wanted.offset} is not in partition {wanted.partition} of {wanted.topic}: "
            f"it holds {log.log_start} to {log.log_end - 1}."
            if log.log_start < log.log_end
            else f"partition {wanted.partition} of {wanted.topic} is empty: its next record will "
            f"have the offset {log.log_end}."
        )
    return log.log_end

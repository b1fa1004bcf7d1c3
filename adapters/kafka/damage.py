"""
Damage in a log: a batch with a wrong checksum, or with offsets that cannot be.

    aiokafka raises ──▶ read on alone, record by record ──▶ what is sound before the damage
                                                        └─▶ offset by offset ──▶ where it ends

aiokafka gives none of the sound records that it fetched together with a damaged batch, and raises
the same error for ever: they are read again here, one at a time.
"""

import asyncio
import itertools
import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.errors import CorruptRecordException, KafkaError, RecordTooLargeError

from adapters.kafka.admin import REQUEST_TIMEOUT, Place
from adapters.kafka.config import KafkaConfig
from adapters.kafka.reader import new_reader
from domain.consumed import ConsumedRecord, size_of
from domain.errors import SourceUnavailableError

DAMAGE = (CorruptRecordException, RecordTooLargeError)
"""What aiokafka raises where bytes are no records: the checksum is wrong, or the length is."""

_ONE_BY_ONE = 1_000
"""Offsets that are tried one after the other; behind them the steps grow."""


class Damage(msgspec.Struct, frozen=True):
    """
    Where a log cannot be read on.

    Attributes:
        records: The sound records before it.
        offset: First offset that cannot be read.
        problem: What was seen.
    """

    records: Sequence[ConsumedRecord]
    offset: int
    problem: str


class _DamagedError(Exception):
    """The next record cannot be read."""


async def find_damage(
    config: KafkaConfig, place: Place, *, start: int, end: int, most_bytes: float = math.inf
) -> Damage | None:
    """
    Read `place` from `start` on, up to what cannot be read.

    Returns:
        None if there is no damage before `end`, within `most_bytes` of keys and values, or nobody
        answers in time.

    Raises:
        SourceUnavailableError: The broker is gone.
    """
    records: list[ConsumedRecord] = []
    left = most_bytes
    async with _alone(config, place, start) as reader:
        try:
            while left > 0:
                record = await _next(reader, KafkaPartition(*place), end)
                if record is None:
                    return None
                records.append(record)
                left -= size_of(record) + 1
        except _DamagedError as error:
            offset = records[-1].offset + 1 if records else start
            return Damage(records, offset, str(error))
        except TimeoutError:
            return None
    return None


async def one_by_one(
    config: KafkaConfig, place: Place, *, start: int, end: int
) -> AsyncGenerator[ConsumedRecord]:
    """
    Read every record from `start` on, before `end`, untouched by damage behind that.

    Raises:
        SourceUnavailableError: The broker is gone, or there is damage before `end`.
    """
    async with _alone(config, place, start) as reader:
        following = start
        try:
            while (record := await _next(reader, KafkaPartition(*place), end)) is not None:
                following = record.offset + 1
                yield record
        except (_DamagedError, TimeoutError) as error:
            why = str(error) or "the broker gives nothing"
            raise SourceUnavailableError(
                f"topic {place[0]}, partition {place[1]} cannot be read at offset {following}: "
                f"{why}."
            ) from error


async def find_end(config: KafkaConfig, place: Place, *, damaged: int, end: int) -> int:
    """
    Find the first offset behind `damaged` that can be read; `end` if there is none.

    Raises:
        SourceUnavailableError: The broker is gone.
    """
    candidate, step = damaged + 1, 1
    async with _alone(config, place, damaged) as reader:
        while candidate < end:
            if await _is_readable(reader, place, candidate, end):
                return candidate
            step = 1 if candidate - damaged < _ONE_BY_ONE else 2 * step
            candidate += step
    return end


def places_in(error: Exception, places: Sequence[Place]) -> Sequence[Place]:
    """Which of `places` an error of aiokafka's is about: it names them in its arguments."""
    return [
        place
        for place in places
        if any(
            argument == KafkaPartition(*place)
            or (isinstance(argument, str) and argument.endswith(f" {KafkaPartition(*place)}"))
            for argument in error.args
        )
    ]


def is_in_order(records: Sequence[ConsumedRecord], *, start: int, end: int) -> bool:
    """Whether the offsets of `records` rise, from `start` on, and end before `end`."""
    if not records:
        return True
    offsets = [record.offset for record in records]
    return (
        start <= offsets[0]
        and offsets[-1] < end
        and all(a < b for a, b in itertools.pairwise(offsets))
    )


async def _next(reader: AIOKafkaConsumer, place: KafkaPartition, end: int) -> ConsumedRecord | None:
    """The next record; None at `end`. Raises TimeoutError where the broker gives nothing."""
    at = await reader.position(place)
    while at < end:
        try:
            found = await reader.getmany(
                place, timeout_ms=int(REQUEST_TIMEOUT * 1000), max_records=1
            )
        except CorruptRecordException as error:
            is_sum = "Invalid CRC" in str(error)
            problem = "the checksum (CRC) of its batch is wrong" if is_sum else str(error)
            raise _DamagedError(problem) from error
        except RecordTooLargeError as error:
            raise _DamagedError("the broker gave bytes that are no whole batch") from error
        for record in found.get(place, ()):
            if not at <= record.offset < end:
                raise _DamagedError(f"the broker gave the offset {record.offset} in its place")
            return record
        before, at = at, await reader.position(place)
        if at == before:
            raise TimeoutError
    return None


async def _is_readable(reader: AIOKafkaConsumer, place: Place, offset: int, end: int) -> bool:
    partition = KafkaPartition(*place)
    reader.seek(partition, offset)
    try:
        await _next(reader, partition, end)
    except (_DamagedError, TimeoutError):
        return False
    return True


@asynccontextmanager
async def _alone(
    config: KafkaConfig, place: Place, offset: int
) -> AsyncGenerator[AIOKafkaConsumer]:
    reader = new_reader(config)
    try:
        await reader.start()
        await asyncio.sleep(0)  # its fetching begins: else `stop` raises CancelledError
        reader.assign([KafkaPartition(*place)])
        reader.seek(KafkaPartition(*place), offset)
        yield reader
    except (KafkaError, OSError) as error:
        servers = ", ".join(config.bootstrap_servers)
        raise SourceUnavailableError(
            f"Kafka at {servers} cannot be read: {type(error).__name__}: {error}. "
            f"It is tried again until it works."
        ) from error
    finally:
        await reader.stop()

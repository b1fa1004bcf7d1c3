"""Where the records to decode come from: a file, standard input, or the broker."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from adapters.kafka.config import KafkaConfig
from domain.consumed import ConsumedRecord
from domain.errors import CdcAuditError
from entrypoints.decode.input_lines import BadLine, GivenRecord, place_of, read_lines

Given = Generator[GivenRecord | BadLine]
STANDARD_INPUT = "-"


def from_lines(file: str) -> Given:
    """
    Read lines as they come; ``-`` is standard input.

    Raises:
        CdcAuditError: The file broke off.
    """
    with _opened(file) as lines:
        try:
            yield from read_lines(lines)
        except OSError as error:
            raise CdcAuditError(f"{file} cannot be read on: {error}") from error


def from_topic(config: KafkaConfig, topic: str, partition: int, offset: int, count: int) -> Given:
    """Read from the broker, without a group; raises as `read_excerpt` does."""
    from adapters.kafka.excerpt import Excerpt, read_excerpt  # noqa: PLC0415 - only where meant

    wanted = Excerpt(topic=topic, partition=partition, offset=offset, count=count)
    with asyncio.Runner() as runner:
        records = read_excerpt(config, wanted)
        try:
            while (record := runner.run(_next(records))) is not None:
                yield GivenRecord(place_of(record), record)
        finally:
            runner.run(records.aclose())


async def _next(records: AsyncGenerator[ConsumedRecord]) -> ConsumedRecord | None:
    return await anext(records, None)


@contextmanager
def _opened(file: str) -> Generator[BinaryIO]:
    if file == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    with Path(file).open("rb") as stream:
        yield stream

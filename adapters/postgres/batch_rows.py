"""
Writes what a batch holds: rows and control messages by COPY, quarantine and gaps by INSERT.

The fast way sends all lines in one COPY. Where PostgreSQL refuses a row, the batch is stored again
the careful way: lines go in pieces, each behind a savepoint, and a piece that is refused is cut
down to the rows at fault.
"""

import base64
import json
import re
from collections.abc import Callable, Sequence

import msgspec
import psycopg

from adapters.postgres.copy_binary import (
    HEADER,
    TRAILER,
    fields_of,
    int4_field,
    int8_field,
    joined,
    number_of,
    split_lines,
    text_field,
    timestamp_field,
)
from adapters.postgres.driver_errors import is_row_refused
from adapters.postgres.pool import Session
from adapters.postgres.row_encoder import COLUMNS
from adapters.postgres.time_text import time_text
from domain.control import ControlMessage
from domain.gap import Gap
from domain.quarantine import QuarantinedRecord
from domain.source_table import SourceColumns, SourceTable

_CONTROL_COLUMNS = ControlMessage.__struct_fields__
COPY_ROWS = f"COPY audit_logging ({', '.join(COLUMNS)}) FROM STDIN (FORMAT binary)".encode()
COPY_CONTROL = (
    f"COPY control_message ({', '.join(_CONTROL_COLUMNS)}) FROM STDIN (FORMAT binary)".encode()
)

_ENOUGH = 1024 * 1024  # bytes: about ten milliseconds of the server's work
_PIECE = 1_000
_LINE_AT_FAULT = re.compile(r"^COPY \w+, line (\d+)", re.MULTILINE)

_QUARANTINE = """
INSERT INTO processing_error (
    stream_id, kafka_partition, kafka_offset, topic, kafka_timestamp, raw_key, raw_value,
    raw_headers, key_size, value_size, encryption_key_id, error_type, error_message, accounted,
    max_retries
)
VALUES (%s, %s, %s, %s, %s::timestamptz, %b, %b, %s::json, %s, %s, %s, %s, %s, true, %s)
ON CONFLICT (stream_id, kafka_partition, kafka_offset) DO UPDATE
SET raw_key = excluded.raw_key, raw_value = excluded.raw_value,
    raw_headers = excluded.raw_headers, key_size = excluded.key_size,
    value_size = excluded.value_size, encryption_key_id = excluded.encryption_key_id,
    error_type = excluded.error_type, error_message = excluded.error_message, accounted = true
"""

_GAP = """
INSERT INTO audit_gap (stream_id, kafka_partition, first_offset, next_offset, cause, evidence)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""

_SOURCE = """
INSERT INTO audit_source AS known (
    connector, source_name, source_database, source_schema, source_table, columns
)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (connector, source_name, source_database, source_schema, source_table) DO UPDATE
SET columns = ARRAY(
    SELECT DISTINCT name FROM unnest(known.columns || excluded.columns) AS name ORDER BY name
)
WHERE NOT known.columns @> excluded.columns
"""

# An entry of a B-tree takes 2,704 bytes: longer names would have the whole batch refused.
_MOST_INDEXED_BYTES = 2_500

# Years that `timestamptz` reaches: a wilder timestamp of Kafka's is left out of the quarantine.
_LATEST_MILLISECONDS = 9_224_318_015_999_999


class RefusedLine(msgspec.Struct, frozen=True):
    """
    A line that PostgreSQL refused.

    Attributes:
        line: The line.
        error_type: Name of the error's class.
        message: What PostgreSQL said; it may quote the row.
        sqlstate: The code of the error.
    """

    line: bytes
    error_type: str
    message: str
    sqlstate: str | None = None

    @property
    def unquoted(self) -> str:
        """What is wrong, without anything of the row."""
        return (
            f"PostgreSQL refused it (SQLSTATE {self.sqlstate}). No more is told: a rule on columns "
            f"may concern what the record holds."
        )

    @property
    def coordinates(self) -> tuple[int, int, int]:
        """Stream, partition and offset: the first columns of every line."""
        stream_id, partition, offset = [number_of(data or b"") for data in fields_of(self.line)[:3]]
        return stream_id, partition, offset

    @property
    def operation(self) -> str:
        """Operation of the row, where it is one of the trail."""
        return (fields_of(self.line)[COLUMNS.index("operation")] or b"").decode()


def control_line(message: ControlMessage) -> bytes:
    """Encode a control message as a line of COPY."""
    m = message
    return joined(
        int4_field(m.stream_id),
        int4_field(m.kafka_partition),
        int8_field(m.kafka_offset),
        timestamp_field(m.kafka_timestamp),
        text_field(m.kind),
        text_field(m.source_name),
        text_field(m.transaction_id),
        text_field(m.record_key),
        text_field(m.payload),
        text_field(m.headers),
    )


async def copy_lines(
    session: Session,
    statement: bytes,
    lines: bytes,
    *,
    sending: Callable[[], None] | None = None,
) -> None:
    """
    Send all lines in one COPY: all are stored, or the transaction is broken.

    Args:
        session: In a transaction.
        statement: The COPY.
        lines: What it sends.
        sending: Called when the server has got enough of them to be busy for a while.
    """
    rest = memoryview(lines)[_ENOUGH:]  # joined with the others it would be copied once more
    async with session.cursor() as cursor, cursor.copy(statement) as copy:
        await copy.write(HEADER + lines[:_ENOUGH])
        if sending:
            sending()
        for part in (rest, TRAILER):
            await copy.write(part)


async def copy_each(session: Session, statement: bytes, lines: bytes) -> Sequence[RefusedLine]:
    """
    Send lines so that those which PostgreSQL refuses do not keep out the others.

    Returns:
        The refused lines, in order. Any other error breaks off.
    """
    every = split_lines(lines)
    refused: list[RefusedLine] = []
    pieces = [(start, min(start + _PIECE, len(every))) for start in range(0, len(every), _PIECE)]
    pieces.reverse()
    while pieces:
        start, end = pieces.pop()
        try:
            async with session.transaction():
                await copy_lines(session, statement, b"".join(every[start:end]))
        except psycopg.Error as error:
            if not is_row_refused(error):
                raise
            if end - start == 1:
                refused.append(_refused(every[start], error))
            else:
                pieces += reversed(_cut(start, end, error))
    return refused


def _cut(start: int, end: int, error: psycopg.Error) -> Sequence[tuple[int, int]]:
    """Cut a refused piece at the line that PostgreSQL names, or in the middle if it names none."""
    match = _LINE_AT_FAULT.search(error.diag.context or "")
    at = start + int(match[1]) - 1 if match else -1
    if not start <= at < end:
        at = (start + end) // 2
        return [(start, at), (at, end)]
    return [(a, b) for a, b in ((start, at), (at, at + 1), (at + 1, end)) if a < b]


def _refused(line: bytes, error: psycopg.Error) -> RefusedLine:
    primary = error.diag.message_primary or "no reason given"
    return RefusedLine(
        line,
        type(error).__name__,
        f"PostgreSQL refused it: {primary} (SQLSTATE {error.sqlstate}).",
        error.sqlstate,
    )


async def quarantine(
    session: Session, records: Sequence[QuarantinedRecord], *, max_retries: int
) -> None:
    """Keep `records` with their bytes; one that a program had noted already gets them now."""
    values = [
        (
            r.stream_id,
            r.kafka_partition,
            r.kafka_offset,
            plain_text(r.topic),
            _kafka_time(r.kafka_timestamp),
            r.key,
            r.value,
            headers_json(r.headers),
            *r.sizes,
            r.encryption_key_id and plain_text(r.encryption_key_id),
            plain_text(r.error_type),
            plain_text(r.error_message),
            max_retries,
        )
        for r in records
    ]
    async with session.cursor() as cursor:
        await cursor.executemany(_QUARANTINE, values)


async def record_gaps(session: Session, gaps: Sequence[Gap]) -> None:
    """Record gaps; one that is known already stays as it is."""
    values = [
        (
            g.stream_id,
            g.partition,
            g.first_offset,
            g.next_offset,
            g.cause.value,
            plain_text(g.evidence),
        )
        for g in gaps
    ]
    async with session.cursor() as cursor:
        await cursor.executemany(_GAP, values)


async def record_sources(session: Session, sources: SourceColumns) -> None:
    """Note source tables, and columns of them; names that the database cannot hold are left out."""
    storable = [
        (*source, sorted(column for column in columns if _is_storable(column)))
        for source, columns in sorted(sources.items(), key=lambda item: str(item[0]))
        if all(name is None or _is_storable(name) for name in source) and _is_indexable(source)
    ]
    async with session.cursor() as cursor:
        await cursor.executemany(_SOURCE, storable)


def _is_storable(name: str) -> bool:
    return plain_text(name) == name


def _is_indexable(source: SourceTable) -> bool:
    return sum(len(name.encode()) for name in source if name is not None) <= _MOST_INDEXED_BYTES


def plain_text(text: str) -> str:
    """Make text that PostgreSQL can hold: it has no NUL and no half a surrogate pair."""
    return text.replace("\0", r"\0").encode("utf-8", "backslashreplace").decode()


def headers_json(headers: Sequence[tuple[str, bytes | None]]) -> str | None:
    """Encode raw headers as [name, base64 of the value or null] pairs; None without any."""
    if not headers:
        return None
    return json.dumps(
        [[name, None if v is None else base64.b64encode(v).decode()] for name, v in headers]
    )


def _kafka_time(milliseconds: int | None) -> str | None:
    if milliseconds is None or not 0 <= milliseconds <= _LATEST_MILLISECONDS:
        return None
    return time_text(milliseconds * 1000)

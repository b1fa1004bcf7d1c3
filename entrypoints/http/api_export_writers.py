"""
Writers of exports: changes in, bytes of a file out, piece by piece.

CSV and Parquet have one flat row for each change; images, key, notes, headers and source block are
JSON text, exactly as stored. NDJSON has the changes as the API gives them.
"""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from application.trail_query import StoredRecord
from entrypoints.http.api_structs import change_out
from entrypoints.http.page_times import moment

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
TIMES = ("time", "captured_at", "kafka_time", "recorded_at")
NUMBERS = ("transaction_order", "stream", "partition", "offset", "decoder_version")
COLUMNS = (
    *("id", "time", "time_source", "captured_at", "kafka_time", "recorded_at", "operation"),
    *("connector", "source", "database", "schema", "table", "key", "old", "new"),
    *("changed_columns", "before_image", "value_notes", "transaction_id"),
    *("user", "lsn", "source_position", "source_metadata", "headers", "topic"),
    *NUMBERS,
)
"""Columns of CSV and Parquet, in order; `TIMES` and `NUMBERS` are those that are no text."""


class ExportWriter(Protocol):
    """Writes one file."""

    def write(self, changes: Sequence[StoredRecord]) -> bytes:
        """The next bytes of the file."""
        ...

    def close(self) -> bytes:
        """The last bytes of the file."""
        ...


class ExportFormat(msgspec.Struct, frozen=True, kw_only=True):
    """
    A format of files.

    Attributes:
        media: Media type.
        suffix: Of a file's name.
        open: Begins a file; `is_safe` for spreadsheets.
    """

    media: str
    suffix: str
    open: Callable[..., ExportWriter]


class CsvWriter:
    """
    Writes CSV (RFC 4180, UTF-8) with a head.

    Args:
        is_safe: Whether cells that a spreadsheet would take for formulas get an apostrophe.
    """

    def __init__(self, *, is_safe: bool) -> None:
        self._is_safe = is_safe
        self._is_first = True

    def write(self, changes: Sequence[StoredRecord]) -> bytes:
        """Lines for `changes`; the head before the first."""
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        if self._is_first:
            writer.writerow(COLUMNS)
            self._is_first = False
        for stored in changes:
            writer.writerow([self._cell(value) for value in flat(stored).values()])
        return text.getvalue().encode("utf-8", "backslashreplace")

    def close(self) -> bytes:
        """Nothing is left."""
        return b""

    def _cell(self, value: object) -> object:
        if isinstance(value, datetime):
            return f"{value:%Y-%m-%dT%H:%M:%S.%fZ}"
        is_formula = isinstance(value, str) and value.startswith(_FORMULA)
        return f"'{value}" if self._is_safe and is_formula else value


class NdjsonWriter:
    """
    Writes one JSON object a line.

    Args:
        is_safe: Means nothing here.
    """

    def __init__(self, *, is_safe: bool) -> None:
        del is_safe

    def write(self, changes: Sequence[StoredRecord]) -> bytes:
        """Lines for `changes`."""
        return b"".join(_line(stored) for stored in changes)

    def close(self) -> bytes:
        """Nothing is left."""
        return b""


def flat(stored: StoredRecord) -> Mapping[str, object]:
    """One change as one flat row: texts, numbers, times."""
    r, columns = stored.record, stored.record.changed_columns
    row: dict[str, object] = {
        "id": stored.id,
        "time": moment(r.change_timestamp),
        "time_source": r.timestamp_source.value,
        "captured_at": None if r.captured_at is None else moment(r.captured_at),
        "kafka_time": None if r.kafka_timestamp is None else moment(r.kafka_timestamp),
        "recorded_at": moment(stored.recorded_at),
        "operation": r.operation.value,
        "connector": r.connector,
        "source": r.source_name,
        "database": r.source_database,
        "schema": r.source_schema,
        "table": r.source_table,
        "key": r.record_key,
        "old": r.old_data,
        "new": r.new_data,
        "changed_columns": None if columns is None else msgspec.json.encode(columns).decode(),
        "before_image": r.before_image.value,
        "value_notes": r.value_notes,
        "transaction_id": r.transaction_id,
        "user": r.change_user,
        "lsn": r.lsn,
        "source_position": r.source_position,
        "source_metadata": r.source_metadata,
        "headers": r.headers,
        "topic": stored.topic,
        "transaction_order": r.transaction_order,
        "stream": r.stream_id,
        "partition": r.kafka_partition,
        "offset": r.kafka_offset,
        "decoder_version": r.decoder_version,
    }
    return row


def _line(stored: StoredRecord) -> bytes:
    return msgspec.json.encode(change_out(stored)) + b"\n"


def _parquet(*, is_safe: bool) -> ExportWriter:
    from entrypoints.http.api_export_parquet import (  # noqa: PLC0415 - pyarrow takes as long as a tenth of the service's start
        ParquetWriter,
    )

    return ParquetWriter(is_safe=is_safe)


WRITERS: Mapping[str, ExportFormat] = {
    "csv": ExportFormat(media="text/csv", suffix="csv", open=CsvWriter),
    "ndjson": ExportFormat(media="application/x-ndjson", suffix="ndjson", open=NdjsonWriter),
    "parquet": ExportFormat(
        media="application/vnd.apache.parquet", suffix="parquet", open=_parquet
    ),
}
"""Formats by the word that asks for them; the first is the usual one."""

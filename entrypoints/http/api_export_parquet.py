"""The writer of exports as Parquet. Only who asks for one imports it: pyarrow is large."""

import io
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from application.trail_query import StoredRecord
from entrypoints.http.api_export_writers import COLUMNS, NUMBERS, TIMES, flat


class ParquetWriter:
    """
    Writes Parquet, one row group for each page, compressed with zstd.

    Args:
        is_safe: Means nothing here.
    """

    def __init__(self, *, is_safe: bool) -> None:
        del is_safe
        self._written = _Outgoing()
        self._writer = pq.ParquetWriter(self._written, SCHEMA, compression="zstd")

    def write(self, changes: Sequence[StoredRecord]) -> bytes:
        """A row group for `changes`."""
        if changes:
            rows = [flat(stored) for stored in changes]
            self._writer.write_table(pa.Table.from_pylist(rows, schema=SCHEMA))
        return self._written.taken()

    def close(self) -> bytes:
        """The file's end, which tells where its row groups are."""
        self._writer.close()
        return self._written.taken()


class _Outgoing(io.RawIOBase):
    """A file whose bytes leave before it is whole."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._gone = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401 - any buffer
        raw = bytes(data)
        self._bytes += raw
        return len(raw)

    def tell(self) -> int:
        return self._gone + len(self._bytes)

    def taken(self) -> bytes:
        raw = bytes(self._bytes)
        self._gone += len(raw)
        self._bytes.clear()
        return raw


def _schema() -> pa.Schema:
    kinds = dict.fromkeys(COLUMNS, pa.string())
    kinds |= dict.fromkeys(TIMES, pa.timestamp("us", tz="UTC"))
    kinds |= dict.fromkeys(NUMBERS, pa.int64())
    return pa.schema(list(kinds.items()))


SCHEMA = _schema()

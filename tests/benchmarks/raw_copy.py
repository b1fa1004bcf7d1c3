"""
The limit: a COPY of the same rows into the same tables, and nothing else.

The lines are prepared, the writers are processes of their own that have them in memory and are
connected before the clock starts, and the broker is frozen meanwhile.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from adapters.debezium.decoder import DebeziumDecoder
from adapters.postgres.batch_rows import COPY_ROWS
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.copy_binary import fields_of, number_of, split_lines
from adapters.postgres.row_encoder import PostgresRowEncoder
from adapters.postgres.sql_files import wanted_version
from application.transform_records import transform_records
from tests.benchmarks import events
from tests.benchmarks.copy_program import CopyOrder
from tests.benchmarks.rig import Rig, make_partitions

_PROGRAM = (sys.executable, "-P", "-m", "tests.benchmarks.copy_program")


class RawCopy:
    """
    The rows of the benchmark's plain events, ready to be copied.

    Args:
        rig: Whose database takes them.
        count: How many.

    Attributes:
        days: Days since 1970 that they are of.
    """

    def __init__(self, rig: Rig, count: int) -> None:
        self._rig = rig
        part = events.a_slice([events.plain(number) for number in range(count)])
        encoder = PostgresRowEncoder(wanted_version())
        batch = transform_records(DebeziumDecoder(), encoder, [part])
        self.days = sorted(batch.days)
        self._lines = split_lines(batch.rows)

    def seconds(self, *, writers: int, transactions: int) -> float:
        """Copy all rows with so many writers, in so many transactions; give the seconds it took."""
        with self._rig.database() as database, self._rig.broker_frozen():
            make_partitions(database, self.days)
            share = -(-len(self._lines) // writers)
            orders = [
                self._order(
                    self._lines[start : start + share], max(1, transactions // writers), database
                )
                for start in range(0, len(self._lines), share)
            ]
            return _copied(orders)

    def _order(self, lines: list[bytes], transactions: int, database: DatabaseConfig) -> CopyOrder:
        size = -(-len(lines) // transactions)
        pieces = [b"".join(lines[at : at + size]) for at in range(0, len(lines), size)]
        # The first columns tell the lines of one writer from those of another.
        offset = number_of(fields_of(lines[0])[2] or b"")
        path = Path(self._rig.home, f"rows-{offset}.copy")
        path.write_bytes(b"".join(pieces))
        return CopyOrder(
            conninfo=database.conninfo,
            statement=COPY_ROWS.decode(),
            lines=str(path),
            cuts=tuple(map(len, pieces)),
        )


def _copied(orders: Sequence[CopyOrder]) -> float:
    writers = [
        subprocess.Popen(_PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own program
        for _ in orders
    ]
    try:
        for writer, order in zip(writers, orders, strict=True):
            _tell(writer, msgspec.json.encode(order))
        for writer in writers:
            _hear(writer, b"ready\n")
        began = time.perf_counter()
        for writer in writers:
            _tell(writer, b"go")
        for writer in writers:
            _hear(writer, b"done\n")
        return time.perf_counter() - began
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()


def _tell(writer: subprocess.Popen[bytes], line: bytes) -> None:
    assert writer.stdin is not None
    writer.stdin.write(line + b"\n")
    writer.stdin.flush()


def _hear(writer: subprocess.Popen[bytes], line: bytes) -> None:
    assert writer.stdout is not None
    if (heard := writer.stdout.readline()) != line:
        raise RuntimeError(f"a writer of raw COPY said {heard!r} and not {line!r}")

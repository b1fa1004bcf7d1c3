"""
A writer that does nothing but COPY: ``python -m tests.benchmarks.copy_program``.

    stdin: what to copy ──▶ all in memory, connected ──▶ "ready" ──▶ "go" ──▶ COPY ... ──▶ "done"
"""

import sys
from pathlib import Path

import msgspec
import psycopg

from adapters.postgres.copy_binary import HEADER, TRAILER


class CopyOrder(msgspec.Struct, frozen=True, kw_only=True):
    """
    What one writer copies.

    Attributes:
        conninfo: Where to.
        statement: The COPY.
        lines: File with the lines.
        cuts: Bytes of each transaction.
    """

    conninfo: str
    statement: str
    lines: str
    cuts: tuple[int, ...]


def main() -> None:
    """Copy what is ordered."""
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=CopyOrder)
    with Path(order.lines).open("rb") as file:
        pieces = [file.read(size) for size in order.cuts]
    statement = order.statement.encode()
    with psycopg.connect(order.conninfo) as connection, connection.cursor() as cursor:
        connection.commit()
        _say("ready")
        sys.stdin.buffer.readline()
        for piece in pieces:
            with cursor.copy(statement) as copy:
                for part in (HEADER, piece, TRAILER):  # joining them takes a copy
                    copy.write(part)
            connection.commit()
        _say("done")


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

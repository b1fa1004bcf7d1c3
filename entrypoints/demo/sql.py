"""
A client for where psql is missing.

    python -m entrypoints.demo.sql URL ["UPDATE ..."]

Runs the statement, or those that it reads line by line, and prints what comes back. Each line is
a transaction of its own, unless it says BEGIN.
"""

import sys
from collections.abc import Iterator, Sequence

import psycopg
from rich.console import Console
from rich.table import Table


def main(arguments: Sequence[str]) -> int:
    """Run the statements; 0 if all went well, 1 if one failed, 2 without a URL."""
    if not arguments:
        sys.stderr.write(f"{(__doc__ or '').strip()}\n")
        return 2
    console = Console()
    failed = 0
    with psycopg.connect(arguments[0], autocommit=True) as connection:
        for statement in arguments[1:] or _lines(console):
            try:
                _run(connection, statement, console)
            except psycopg.Error as error:
                console.print(str(error).strip(), style="red", markup=False, highlight=False)
                failed = 1
    return failed


def _lines(console: Console) -> Iterator[str]:
    while True:
        if sys.stdin.isatty():
            console.print("sql> ", end="")
        line = sys.stdin.readline()
        if not line:
            return
        if line.strip():
            yield line


def _run(connection: psycopg.Connection, statement: str, console: Console) -> None:
    cursor = connection.execute(statement.encode())
    while True:
        if cursor.description:
            table = Table(*(column.name for column in cursor.description))
            for row in cursor:
                table.add_row(*("" if value is None else str(value) for value in row))
            console.print(table)
        else:
            console.print(cursor.statusmessage, markup=False, highlight=False)
        if not cursor.nextset():
            return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

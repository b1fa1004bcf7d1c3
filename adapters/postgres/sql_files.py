"""SQL in files, run whole: a splitter would have to understand PL/pgSQL's quoting."""

from collections.abc import Callable
from pathlib import Path

import psycopg

VERSIONS = Path(__file__).parent / "versions"

Row = tuple[object, ...]


def run_folder(name: str) -> Callable[[psycopg.Connection[Row]], None]:
    """Make a migration step that runs every ``.sql`` file of the folder `name`, in order."""

    def apply(connection: psycopg.Connection[Row]) -> None:
        for file in sorted((VERSIONS / name).glob("*.sql")):
            connection.execute(file.read_bytes())

    return apply

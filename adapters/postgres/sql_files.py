"""SQL in files, run whole: a splitter would have to understand PL/pgSQL's quoting."""

import re
from collections.abc import Callable
from pathlib import Path

import psycopg

VERSIONS = Path(__file__).parent / "versions"

_NUMBERED = re.compile(r"(\d{4})_\w+\.py")

Row = tuple[object, ...]


def run_folder(name: str) -> Callable[[psycopg.Connection[Row]], None]:
    """Make a migration step that runs every ``.sql`` file of the folder `name`, in order."""

    def apply(connection: psycopg.Connection[Row]) -> None:
        for file in sorted((VERSIONS / name).glob("*.sql")):
            connection.execute(file.read_bytes())

    return apply


def wanted_version(folder: Path = VERSIONS) -> int:
    """Give the version of the tables that this program was made for."""
    matches = (_NUMBERED.fullmatch(file.name) for file in folder.iterdir())
    return max(int(match[1]) for match in matches if match)

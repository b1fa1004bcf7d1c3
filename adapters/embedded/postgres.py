"""
A real PostgreSQL server of our own: loopback only, gone when we are gone.

    home/                 given by the caller; kept by the caller
    ├── pgdata/           the data directory, made once
    ├── socket/           its Unix socket, where the path is short enough for one
    ├── password          of the superuser, made once; the server trusts nobody without it
    ├── lock              held while a server of ours runs here
    └── postgres.log
"""

import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from adapters.embedded.errors import EmbeddedServerError
from adapters.embedded.guarded_process import GuardedProcess, Launch, RunAs
from adapters.embedded.ports import free_port, is_taken
from adapters.embedded.postgres_binaries import PostgresBinaries, find_binaries
from adapters.embedded.unprivileged import give_to_nobody, run_unprivileged

__all__ = ["THROWAWAY", "EmbeddedPostgres", "PostgresBinaries", "find_binaries"]

SUPERUSER = "postgres"
SPACE_NEEDED = 200 * 1024 * 1024  # bytes: a new data directory, its WAL, and room to work
LONGEST_SOCKET_FOLDER = 80  # a socket's whole path must fit into 104 bytes (macOS)
BUILTIN_LOCALE_SINCE = 17
START_TIMEOUT = 60.0
PORT_ATTEMPTS = 5
THROWAWAY: Mapping[str, str] = {"fsync": "off", "full_page_writes": "off"}  # data that may be lost


class EmbeddedPostgres:
    """
    One server in `home`, started with `start` and ended with `stop` or as a context manager.

    Args:
        home: Folder for the data and all else; made if missing. Starting again keeps the data.
        port: TCP port on loopback; 0 takes a free one, and `port` tells which.
        settings: Server settings, as in postgresql.conf.
        logical: Whether logical decoding is on (``wal_level``): what Debezium needs.
        binaries: Which programs; found by `find_binaries` if None.
    """

    def __init__(
        self,
        home: Path,
        *,
        port: int = 0,
        settings: Mapping[str, str] | None = None,
        logical: bool = False,
        binaries: PostgresBinaries | None = None,
    ) -> None:
        self.home = home.absolute()
        self.port = port
        self.log = self.home / "postgres.log"
        self._any_port = port == 0
        self._settings = {"wal_level": "logical" if logical else "replica", **(settings or {})}
        self._binaries = binaries
        self._process: GuardedProcess | None = None
        self._run_as = RunAs()
        self._lock: TextIO | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def password(self) -> str:
        """Password of the superuser `postgres`."""
        return (self.home / "password").read_text(encoding="ascii")

    @property
    def psql(self) -> str | None:
        """A psql that goes with this server, if there is one."""
        return self._binaries.psql if self._binaries else None

    @property
    def pid(self) -> int:
        """Process id of the server; its guard is the parent."""
        return int(self._pid_file().read_text(encoding="utf-8").split("\n", 1)[0])

    def dsn(self, database: str = "postgres") -> str:
        """How to connect to `database` as the superuser: a URL that psql and psycopg take."""
        return f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """
        Start the server; returns when it takes connections.

        Raises:
            EmbeddedServerError: It cannot run here: the text says why and what to do.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        try:
            self._binaries = self._binaries or find_binaries()
            self._process = self._start(self._binaries)
        except BaseException:
            self._release_lock()
            raise

    def check(self) -> None:
        """
        Raise if it has ended by itself.

        Raises:
            EmbeddedServerError: It has: the text shows the end of its log.
        """
        if self._process:
            self._process.check()

    def stop(self) -> None:
        """Stop the server, at once for its clients and safely for its data. May be called again."""
        if self._process:
            self._process.stop()
            self._process = None
        self._release_lock()

    def _start(self, binaries: PostgresBinaries) -> GuardedProcess:
        self.log.touch()
        self._require_space()
        binaries, self._run_as = run_unprivileged(binaries, self.home, log=self.log)
        if not (self.home / "pgdata" / "PG_VERSION").exists():
            self._make_data_directory(binaries)
        self._end_orphan()
        for attempt in range(1, PORT_ATTEMPTS + 1):
            if self._any_port:
                self.port = free_port()
            try:
                return self._serve(binaries)
            except EmbeddedServerError:
                # Another program may have taken the free port in the meantime.
                if not (self._any_port and is_taken(self.port)) or attempt == PORT_ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    def _make_data_directory(self, binaries: PostgresBinaries) -> None:
        data = self.home / "pgdata"
        shutil.rmtree(data, ignore_errors=True)  # what an interrupted initdb left
        password = self.home / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(12), encoding="ascii")
        if self._run_as.user:
            give_to_nobody(password)
        locale = ["--locale=C"]
        if binaries.major >= BUILTIN_LOCALE_SINCE:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command = [binaries.initdb, "-D", str(data), "-U", SUPERUSER, "--encoding=UTF8", *locale]
        command += [
            "--auth=scram-sha-256",
            f"--pwfile={password}",
            "--no-sync",
            "--no-instructions",
        ]
        launch = Launch(name="initdb", command=command, log=self.log, run_as=self._run_as)
        GuardedProcess(launch).run()

    def _serve(self, binaries: PostgresBinaries) -> GuardedProcess:
        if is_taken(self.port):
            raise EmbeddedServerError(
                "PostgreSQL",
                f"port {self.port} is taken by another program. Give another, or 0 for a free one.",
            )
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self._socket_folder(),
            "logging_collector": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **self._settings,
        }
        command = [binaries.postgres, "-D", str(self.home / "pgdata"), "-p", str(self.port)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        left = self._read_pid_file()
        # SIGINT is PostgreSQL's fast shutdown: clients are cut off, data are written.
        process = GuardedProcess(
            Launch(
                name="PostgreSQL",
                command=command,
                log=self.log,
                stop_signal="INT",
                grace=20.0,
                run_as=self._run_as,
            )
        )
        try:
            process.wait_until(lambda: self._is_ready(left), timeout=START_TIMEOUT)
        except BaseException:
            process.stop()
            raise
        return process

    def _socket_folder(self) -> str:
        folder = self.home / "socket"
        if len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER:
            return ""  # TCP only
        folder.mkdir(mode=0o700, exist_ok=True)
        if self._run_as.user:
            give_to_nobody(folder)
        return str(folder)

    def _pid_file(self) -> Path:
        return self.home / "pgdata" / "postmaster.pid"

    def _read_pid_file(self) -> str:
        try:
            return self._pid_file().read_text(encoding="utf-8").rstrip()
        except FileNotFoundError:
            return ""

    def _is_ready(self, left: str) -> bool:
        """Whether the pid file's last line says so, and it is not one that a dead server left."""
        text = self._read_pid_file()
        return text != left and text.endswith("\nready")

    def _end_orphan(self) -> None:
        """
        Stop a server that an earlier run left in this folder; we hold the lock, so it is nobody's.

        PostgreSQL itself judges a pid file whose process is gone.
        """
        try:
            pid = self.pid
        except (FileNotFoundError, ValueError):
            return
        for number in (signal.SIGINT, signal.SIGQUIT):
            for _ in range(100):
                if not _is_postgres(pid):
                    return
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
                time.sleep(0.1)

    def _require_space(self) -> None:
        free = shutil.disk_usage(self.home).free
        if free < SPACE_NEEDED:
            raise EmbeddedServerError(
                "PostgreSQL",
                f"there are {free >> 20} MiB free in {self.home}, and it needs "
                f"{SPACE_NEEDED >> 20} MiB. Free some, or set TMPDIR to a folder with more.",
            )

    def _take_lock(self) -> None:
        lock = (self.home / "lock").open("w", encoding="ascii")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.close()
            raise EmbeddedServerError(
                "PostgreSQL",
                f"another process runs a server in {self.home}. Stop it, or give another folder.",
            ) from error
        self._lock = lock

    def _release_lock(self) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None


def _is_postgres(pid: int) -> bool:
    """Whether `pid` is a PostgreSQL server that runs: pids are used again, and zombies are done."""
    answer = subprocess.run(  # noqa: S603 - a number
        ["ps", "-o", "stat=,comm=", "-p", str(pid)],  # noqa: S607 - every Unix has it on its path
        capture_output=True,
        text=True,
        check=False,
    )
    return "postgres" in answer.stdout and not answer.stdout.lstrip().startswith("Z")

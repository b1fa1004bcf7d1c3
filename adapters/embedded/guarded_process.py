"""
A child process that cannot outlive us, whatever ends us: see `guard.py` for how.

The guard's standard input is a pipe whose other end only this process holds. The descriptor is
not inheritable, so no other child keeps it open by accident.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import IO

import msgspec

from adapters.embedded.errors import EmbeddedServerError

GUARD = Path(__file__).with_name("guard.py")
IN_ENGLISH = MappingProxyType({"LC_ALL": "C", "TZ": "UTC"})
CHECK_INTERVAL = 0.02  # seconds between two looks at a child that is starting


class RunAs(msgspec.Struct, frozen=True):
    """
    Whom a command runs as.

    Attributes:
        user: Name of a user to become; needs root. None stays who we are.
        namespace: Become an ordinary user of a user namespace, who owns root's files.
    """

    user: str | None = None
    namespace: bool = False


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """
    What to start, and how.

    Attributes:
        name: What it is, in words, for errors.
        command: Program and arguments.
        log: File that takes standard error, and standard output unless `talks`.
        stop_signal: Signal that asks the command to stop: ``TERM``, ``INT`` or ``QUIT``.
        grace: Seconds between that signal and SIGKILL.
        run_as: Whom it runs as.
        environment: What is set in its environment, besides what it inherits.
        talks: Whether we read its standard output, a line at a time, with `read_line`.
    """

    name: str
    command: Sequence[str]
    log: Path
    stop_signal: str = "TERM"
    grace: float = 10.0
    run_as: RunAs = RunAs()
    environment: Mapping[str, str] = IN_ENGLISH
    talks: bool = False


class GuardedProcess:
    """One command under a guard, started at once."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        # -I -S: without site-packages Python starts in 15 ms, and the guard needs none.
        guard = [sys.executable, "-I", "-S", str(GUARD)]
        guard += [f"--stop-signal={launch.stop_signal}", f"--grace={launch.grace}"]
        guard += [f"--user={launch.run_as.user}"] if launch.run_as.user else []
        guard += ["--namespace"] if launch.run_as.namespace else []
        with launch.log.open("ab") as log_file:
            self._guard = subprocess.Popen(  # noqa: S603 - our own command
                [*guard, "--", *launch.command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if launch.talks else log_file,
                stderr=log_file,
                cwd="/",
                env={**os.environ, **launch.environment},
                start_new_session=True,  # a terminal's Ctrl-C is for us; we stop it in order
            )

    @property
    def pid(self) -> int:
        """Process id of the guard; the command is its child."""
        return self._guard.pid

    @property
    def status(self) -> int | None:
        """Exit status of the command; None while it runs."""
        return self._guard.poll()

    def wait_until(self, ready: Callable[[], bool], *, timeout: float) -> None:
        """
        Wait until `ready` says so.

        Raises:
            EmbeddedServerError: It ended before, or `timeout` seconds were not enough.
        """
        deadline = time.monotonic() + timeout
        while not ready():
            if self.status is not None:
                raise self.failure(f"ended with status {self.status} while starting")
            if time.monotonic() > deadline:
                raise self.failure(f"was not ready within {timeout:g} s")
            time.sleep(CHECK_INTERVAL)

    def run(self) -> None:
        """
        Wait for the command's end.

        Raises:
            EmbeddedServerError: It ended with another status than 0.
        """
        status = self._guard.wait()
        self._close_pipes()
        if status != 0:
            raise self.failure(f"ended with status {status}")

    def read_line(self) -> bytes:
        """
        The next line that a command that `talks` writes.

        Raises:
            EmbeddedServerError: It closed its output instead.
        """
        line = self._output().readline()
        if not line:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._guard.wait(timeout=1.0)
            raise self.failure(f"ended with status {self.status} instead of an answer")
        return line.rstrip(b"\n")

    def _output(self) -> IO[bytes]:
        if self._guard.stdout is None:
            raise ValueError(f"{self._launch.name} was not started to talk")
        return self._guard.stdout

    def check(self) -> None:
        """
        Raise if it has ended.

        Raises:
            EmbeddedServerError: It has: the text shows the end of its log.
        """
        if self.status is not None:
            raise self.failure(f"it ended with status {self.status}")

    def ask_to_stop(self) -> None:
        """Ask it to stop, and do not wait."""
        with contextlib.suppress(ProcessLookupError):
            self._guard.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Ask it to stop, and wait until nothing of it is left. May be called again."""
        self._close_pipes()
        self.ask_to_stop()
        try:
            self._guard.wait(timeout=self._launch.grace + 15.0)
        except subprocess.TimeoutExpired:  # the guard itself hangs: its death signals the command
            self._guard.kill()
            self._guard.wait()

    def _close_pipes(self) -> None:
        for pipe in (self._guard.stdin, self._guard.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def failure(self, problem: str) -> EmbeddedServerError:
        """The error that says what became of it, with the end of its log."""
        return EmbeddedServerError(self._launch.name, problem, log=self._launch.log)

"""A `cdc-audit demo` as a person has it: a process, what it prints, and everything below it."""

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Sequence
from pathlib import Path

from tests.processes import descendants, is_alive, wait_until

UP = "Ctrl-C ends the demo"


class DemoProcess:
    """
    A demo that was started.

    Args:
        arguments: Of the command line.
        temporary: Folder for its temporary files.
        on_terminal: Whether it runs in the foreground of a terminal of its own.
    """

    def __init__(
        self, arguments: Sequence[str], *, temporary: Path, on_terminal: bool = False
    ) -> None:
        self.temporary = temporary
        self.printed = ""
        self._terminal, inner = pty.openpty() if on_terminal else os.pipe()
        self.process = subprocess.Popen(  # noqa: S603 - the program under test
            [sys.executable, "-m", "entrypoints.cli", "demo", *arguments],
            stdin=inner if on_terminal else subprocess.DEVNULL,
            stdout=inner,
            stderr=inner,
            env={**os.environ, "TMPDIR": str(temporary), "COLUMNS": "200"},
            start_new_session=True,
            preexec_fn=_own_the_terminal if on_terminal else None,  # noqa: PLW1509 - a plain child
        )
        os.close(inner)
        self._closing = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def tree(self) -> list[int]:
        """Its own pid and those of all below it, at this moment."""
        return [self.process.pid, *descendants(self.process.pid)]

    def wait_for(self, text: str) -> None:
        """Wait until it has printed `text`; a demo that ends before has failed."""

        def printed_or_over() -> bool:
            return text in self.printed or self.process.poll() is not None

        wait_until(printed_or_over, what=f"{text!r} of the demo")
        assert text in self.printed, f"the demo has ended: {self.printed}"

    def find(self, pattern: str) -> str:
        """The first group of `pattern` in what it has printed."""
        found = re.search(pattern, self.printed)
        assert found, f"no {pattern!r} in {self.printed}"
        return found.group(1)

    def setting(self, name: str) -> str:
        """A setting that it gave to its service."""
        wanted = f"{name}="
        for pid in self.tree:
            given = Path("/proc", str(pid), "environ").read_bytes().decode().split("\0")
            for one in given:
                if one.startswith(wanted):
                    return one.removeprefix(wanted)
        raise AssertionError(f"no process of the demo has {name}")

    def type(self, keys: bytes) -> None:
        """Type into its terminal."""
        os.write(self._terminal, keys)

    def close_terminal(self) -> None:
        """Close the window that it runs in."""
        self._closing.set()
        self._reader.join()  # while it reads, the kernel would keep the terminal open
        os.close(self._terminal)

    def wait(self) -> int:
        """Wait for its end; gives the exit status."""
        wait_until(lambda: self.process.poll() is not None, what="the end of the demo")
        return self.process.returncode

    def wait_until_gone(self, tree: Sequence[int]) -> None:
        """Wait until no process of `tree` lives."""
        wait_until(lambda: not any(is_alive(pid) for pid in tree), what=f"the end of {tree}")

    def end(self) -> None:
        """Clean up after a test, whatever it left."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        if not self._closing.is_set():
            self.close_terminal()

    def _read(self) -> None:
        while not self._closing.is_set():
            readable, _, _ = select.select([self._terminal], [], [], 0.05)
            if readable:
                try:
                    chunk = os.read(self._terminal, 65_536)
                except OSError:  # how a terminal says that nobody is at its other end
                    return
                if not chunk:
                    return
                self.printed += chunk.decode(errors="replace")


def _own_the_terminal() -> None:
    """Make standard input the controlling terminal of the new session."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)

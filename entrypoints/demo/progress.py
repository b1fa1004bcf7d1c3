"""What is being done, while it is done: moving on a terminal, a line each elsewhere."""

import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text


class Progress:
    """
    The steps of a start, in order, with the seconds that each took.

    Args:
        console: Where it is shown.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic() - _age()
        self._done: list[tuple[str, float]] = []
        self._running: tuple[Spinner, str] | None = None
        self._live: Live | None = None

    @property
    def seconds(self) -> float:
        """Seconds since the command was given: Python's own start counts."""
        return time.monotonic() - self._began

    @contextmanager
    def shown(self) -> Generator[None]:
        """Show the steps that happen inside."""
        if not self._console.is_terminal:
            yield
            return
        with Live(
            get_renderable=self._table, console=self._console, refresh_per_second=10, screen=False
        ) as self._live:
            yield

    @contextmanager
    def step(self, name: str) -> Generator[None]:
        """One step; it counts as done when its block ends well."""
        began = self.seconds
        self._running = Spinner("dots"), name
        yield
        self._running = None
        self._done.append((name, self.seconds - began))
        if self._live is None:
            # flushed by hand: behind a pipe, a line that is held back tells nothing
            self._console.print(f"{self.seconds:5.1f} s  {name}", highlight=False, soft_wrap=True)
            self._console.file.flush()

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 1))
        for name, seconds in self._done:
            table.add_row(Text("✓", style="green"), name, Text(f"{seconds:.1f} s", style="dim"))
        if self._running:
            table.add_row(*self._running, "")
        return table


def _age() -> float:
    """How old this process is, in seconds; 0 where the system does not tell."""
    try:
        status = Path("/proc/self/stat").read_text(encoding="ascii", errors="replace")
        started = int(status.rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
        return time.clock_gettime(time.CLOCK_BOOTTIME) - started
    except (OSError, AttributeError):
        return 0.0

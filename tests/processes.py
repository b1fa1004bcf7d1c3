"""Looking at processes, for tests of what outlives what."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

PATIENCE = 40.0  # seconds: only a test that fails waits so long


def is_alive(pid: int) -> bool:
    """Whether `pid` exists and is no zombie, which only waits to be collected."""
    return _state(pid) not in {None, "Z", "X"}


def descendants(pid: int) -> list[int]:
    """The processes below `pid`, at this moment."""
    children: dict[int, list[int]] = {}
    for child, parent in _processes():
        children.setdefault(parent, []).append(child)
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def wait_until(condition: Callable[[], bool], *, what: str, patience: float = PATIENCE) -> None:
    """Look until `condition` holds; fail with `what` was waited for when it does not."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"waited {patience:g} s in vain for {what}"
        time.sleep(0.05)


def _processes() -> Iterator[tuple[int, int]]:
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            yield int(entry.name), int(_fields(int(entry.name))[1])


def _state(pid: int) -> str | None:
    try:
        return _fields(pid)[0]
    except OSError:
        return None


def _fields(pid: int) -> list[str]:
    status = Path("/proc", str(pid), "stat").read_text(encoding="ascii", errors="replace")
    return status.rpartition(")")[2].split()

"""
The end of servers that tests share: after the last test of a process, or with the process.

A worker of pytest-xdist is given ten seconds to go away, so that what it started must have ended
before it says that it has finished.
"""

import atexit
from contextlib import ExitStack

import pytest

until_the_end = ExitStack()
"""Entered by whatever is started once; closed once, in the reverse order."""

atexit.register(until_the_end.close)  # without pytest, too: the benchmarks, the mutations


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """End them when the fixtures of the session have ended."""
    until_the_end.close()

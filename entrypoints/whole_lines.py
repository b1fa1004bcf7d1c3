"""Where tables for people are printed: every row on one line, however long, with nothing cut."""

from rich.console import Console

_WIDEST = 100_000


def whole_lines() -> Console:
    """Give standard output as a console that cuts no cell, however narrow the terminal."""
    return Console(width=_WIDEST)

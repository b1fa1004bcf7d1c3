"""The log on a terminal, with colours. Only who logs to one imports it: rich is large."""

import logging
from typing import TextIO

from rich.console import Console
from rich.logging import RichHandler
from rich.text import Text


class TerminalHandler(RichHandler):
    """
    Shows messages as they are: no markup in what a source database sent.

    Args:
        stream: The terminal.
        is_forced: Whether `stream` is taken for a terminal even if it is none.
    """

    def __init__(self, stream: TextIO, *, is_forced: bool) -> None:
        console = Console(file=stream, force_terminal=is_forced or None)
        super().__init__(console=console, show_path=False, log_time_format="%H:%M:%S", markup=False)

    def render_message(self, record: logging.LogRecord, message: str) -> Text:
        """Dim the values behind the message."""
        text = Text(message)
        text.stylize("dim", len(record.getMessage()))
        return text

"""
The log on standard error: constant messages, values beside them.

    2026-10-04T14:44:07.031Z INFO application.record_changes batch committed records=512 rows=498

One line for each message, or one JSON object, or colours on a terminal. Others' libraries are
heard from WARNING on, each kind of message now and then (`log_repeats`); when debugging, all of
them from INFO on.
"""

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import TextIO

import msgspec

from entrypoints.log_repeats import RepeatFilter

ROOMS = ("domain", "application", "adapters", "entrypoints")

_STANDARD = frozenset(
    vars(logging.LogRecord("", 0, "", 0, "", None, None)).keys()
    | {"message", "asctime", "taskName", "color_message"}
)
_BARE = re.compile(r"[^\s\"'=\x00-\x1f\x7f-\x9f]+")


def configure_logging(
    *, level: str, style: str, debug: bool = False, stream: TextIO | None = None
) -> None:
    """
    Send the log to `stream`.

    Args:
        level: Name of the least important level of our own messages.
        style: ``line``, ``json``, ``terminal``, or ``auto`` to choose by the stream.
        debug: Show everything of ours, and INFO of others.
        stream: Where to; standard error where None.
    """
    target = sys.stderr if stream is None else stream
    handler = _handler(style, target)
    if not debug:
        handler.addFilter(RepeatFilter(ROOMS))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.INFO if debug else logging.WARNING)
    for room in ROOMS:
        logging.getLogger(room).setLevel(logging.DEBUG if debug else level)
    logging.captureWarnings(capture=True)


class LineFormatter(logging.Formatter):
    """One line of text: time in UTC, level, logger, message, ``key=value`` pairs."""

    def format(self, record: logging.LogRecord) -> str:
        """Format `record`; a traceback follows on lines of its own."""
        pairs = "".join(f" {key}={_text(value)}" for key, value in _extras(record).items())
        head = f"{_time(record)} {record.levelname} {record.name}"
        return f"{head} {_one_line(record.getMessage())}{pairs}{_traceback(record)}"


class JsonFormatter(logging.Formatter):
    """One JSON object a line; the values beside the message are its members."""

    def format(self, record: logging.LogRecord) -> str:
        """Format `record`; a traceback is the member `traceback`."""
        whole: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_extras(record),
        }
        if trace := _traceback(record):
            whole["traceback"] = trace.strip()
        return _json(whole)


class TerminalFormatter(logging.Formatter):
    """The message and its values, for a handler that shows time and level itself."""

    def format(self, record: logging.LogRecord) -> str:
        """Format `record`."""
        pairs = "".join(f" {key}={_text(value)}" for key, value in _extras(record).items())
        return f"{record.getMessage()}{pairs}{_traceback(record)}"


def _handler(style: str, stream: TextIO) -> logging.Handler:
    if style == "terminal" or (style == "auto" and stream.isatty()):
        from entrypoints.terminal_log import (  # noqa: PLC0415 - rich is large, and few services log to a terminal
            TerminalHandler,
        )

        shown = TerminalHandler(stream, is_forced=style == "terminal")
        shown.setFormatter(TerminalFormatter())
        return shown
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if style == "json" else LineFormatter())
    return handler


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def _extras(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


def _text(value: object) -> str:
    text = str(value)
    return text if _BARE.fullmatch(text) else _json(text)


def _json(value: object) -> str:
    try:
        return msgspec.json.encode(value, enc_hook=str).decode()
    except UnicodeEncodeError:  # half a surrogate pair: the standard library escapes it
        return json.dumps(value, default=str)


def _one_line(text: str) -> str:
    return text.replace("\r", "\\r").replace("\n", "\\n")


def _traceback(record: logging.LogRecord) -> str:
    if record.exc_info is None or record.exc_info[0] is None:
        return ""
    return "\n" + "".join(traceback.format_exception(*record.exc_info)).rstrip()

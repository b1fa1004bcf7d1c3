"""Outcomes for programs: a line of JSON each, in the words of the reference's `expect`."""

from typing import BinaryIO

from domain.audit_record import AuditRecord
from domain.control import ControlMessage, SkippedRecord
from entrypoints.decode.change_words import change_words
from entrypoints.decode.control_words import control_words
from entrypoints.decode.exact_text import line_of
from entrypoints.decode.outcome import Outcome


class JsonLines:
    """
    Writes a line as each outcome comes, so that pipes flow.

    Args:
        stream: Where to.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def show(self, outcome: Outcome) -> None:
        """Write one outcome."""
        self._stream.write(line_of({"name": outcome.name, **words_of(outcome)}))
        self._stream.flush()

    def finish(self) -> None:
        """Say nothing at the end: a program knows it."""


def words_of(outcome: Outcome) -> dict[str, object]:
    """What became of a record, without its name."""
    result = outcome.result
    if isinstance(result, AuditRecord):
        return change_words(result)
    if isinstance(result, ControlMessage):
        return control_words(result)
    if isinstance(result, SkippedRecord):
        return {"kind": "skip", "reason": f"rule:{result.rule}"}
    return {"kind": "error", "reason": result.reason, "detail": result.detail}

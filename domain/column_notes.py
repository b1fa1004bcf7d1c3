"""
Reads `AuditRecord.value_notes`: what must be said of stored values beside the values themselves.

A note is a word (`ValueNote`), or an object with detail, or a list of these. It holds for both
images, unless it stands under ``old`` or ``new``, or an ``image`` member names one of them:

    {"bio": "unavailable", "card": {"note": "truncated", "length": 20}, "pin": {"old": "masked"}}
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, cast

import msgspec

Side = Literal["old", "new"]

_SIDES: tuple[Side, Side] = ("old", "new")
_WORD = ("note", "kind")
_IMAGE = "image"


class ColumnNote(msgspec.Struct, frozen=True):
    """
    One note on a column.

    Attributes:
        word: What is said (`ValueNote`, or a word of a newer release).
        sides: The images that it holds for.
        named: Whether the note itself names them; otherwise it may hold for one of them only.
        detail: What it adds, as JSON text; None where there is nothing.
    """

    word: str
    sides: Sequence[Side] = _SIDES
    named: bool = False
    detail: str | None = None


def read_notes(text: str | None) -> Mapping[str, Sequence[ColumnNote]]:
    """
    Read the notes of one record.

    Args:
        text: A JSON object, column to note; None where there are none.
    """
    if text is None:
        return {}
    notes = msgspec.json.decode(text, type=dict[str, Any])
    return {column: tuple(_read(note, ColumnNote(""))) for column, note in notes.items()}


def _read(note: object, context: ColumnNote) -> Iterator[ColumnNote]:
    if isinstance(note, str):
        yield msgspec.structs.replace(context, word=note)
    elif isinstance(note, list):
        for part in cast("list[object]", note):
            yield from _read(part, context)
    elif isinstance(note, dict):
        yield from _read_object(cast("dict[str, object]", note), context)


def _read_object(note: dict[str, object], context: ColumnNote) -> Iterator[ColumnNote]:
    rest = dict(note)
    for side in _SIDES:
        if side in rest:
            yield from _read(rest.pop(side), ColumnNote("", (side,), named=True))
    image = rest.pop(_IMAGE, None)
    for side in _SIDES:
        if side == image:
            context = ColumnNote("", (side,), named=True)
    word = next((rest.pop(name) for name in _WORD if name in rest), None)
    if word is not None:
        detail = msgspec.json.encode(rest).decode() if rest else None
        yield from _read(word, msgspec.structs.replace(context, detail=detail))

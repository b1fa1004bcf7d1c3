"""
What is said of a stored value beside the value itself, as `AuditRecord.value_notes` keeps it.

A JSON object from column to note. A note is a word of `ValueNote`; or an object with that word as
``note`` and details beside it, as ``{"note": "offloaded", "reference": "bucket|key"}``; or, where
the two images of a change differ in it, ``{"old": note, "new": note}`` with one or both.

Two names are no columns: ``*`` speaks of all columns without a note of their own (their types are
unknown, so the values are as they were on the wire), and the empty name with `ESCAPED_IMAGE` says
that a whole image is escaped (see `domain.jsonb_safety`).
"""

import json
from collections.abc import Mapping
from typing import Any, cast

import msgspec

from domain.operation import ValueNote

Note = ValueNote | str | Mapping[str, str]
"""A word, or an object with the word under ``note`` and details beside it."""

Notes = Mapping[str, Note]
"""Column to note, for one image."""

ALL_COLUMNS = "*"
"""The name under which a note on all columns stands."""

WHOLE_IMAGE = ""
"""The name under which a note on a whole image stands."""

ESCAPED_IMAGE = "escaped_image"
"""The note on an image that was escaped whole (`domain.jsonb_safety`)."""

_encode = msgspec.json.Encoder().encode


def combined_notes(old: Notes | None, new: Notes | None, *, both: bool) -> str | None:
    """
    The text to store for the notes of the two images; None without any.

    Args:
        old: Notes of the row before.
        new: Notes of the row after.
        both: Whether the change has both images: then a note of one of them says which.
    """
    old, new = old or {}, new or {}
    if not old and not new:
        return None
    if not both:
        return _encode({**old, **new}).decode()
    combined: dict[str, Any] = {}
    for column in {**new, **old}:
        if old.get(column) == new.get(column):
            combined[column] = new[column]
        else:
            sides = {"old": old.get(column), "new": new.get(column)}
            combined[column] = {side: note for side, note in sides.items() if note is not None}
    return _encode(combined).decode()


def notes_of_images(text: str | None) -> tuple[dict[str, Note], dict[str, Note]]:
    """The notes of the row before and of the row after, from the stored text."""
    old: dict[str, Note] = {}
    new: dict[str, Note] = {}
    stored: dict[str, Any] = json.loads(text) if text else {}
    for column, note in stored.items():
        sides: dict[str, Note] = {"old": note, "new": note}
        if isinstance(note, dict) and "note" not in note:
            sides = cast("dict[str, Note]", note)
        if "old" in sides:
            old[column] = sides["old"]
        if "new" in sides:
            new[column] = sides["new"]
    return old, new

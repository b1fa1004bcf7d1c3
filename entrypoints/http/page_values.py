"""
How values look on the page: JSON text in, pieces of plain text out.

Nothing here is markup: the templates escape every piece. Numbers keep every digit that was stored.
"""

import json
import re
from collections.abc import Sequence
from itertools import takewhile, zip_longest
from typing import Literal

import msgspec

from domain.diff import ColumnDiff, ColumnStatus, ColumnValue
from domain.jsonb_safety import MAX_DEPTH, members, nesting
from entrypoints.http.page_marks import marked
from entrypoints.http.page_words import NOTES

Kind = Literal["text", "number", "boolean", "null", "json", "unsent", "filler", "none"]

_LONG = 600
_PREVIEW = 200
_LEAD = 40
_SHORT_LEAD = 8
_BEYOND_BMP = 0x10000
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


class Piece(msgspec.Struct, frozen=True):
    """A piece of a value; `is_changed` if it differs from the other image."""

    text: str
    is_changed: bool = False


class Brief(msgspec.Struct, frozen=True):
    """A value in a list; without `is_data` its text says what there is in place of one."""

    text: str
    is_data: bool = True


class NoteView(msgspec.Struct, frozen=True):
    """A note on a value, and what it means."""

    word: str
    meaning: str


class ValueView(msgspec.Struct, frozen=True):
    """
    A value as it is shown.

    Attributes:
        kind: What it is; ``unsent``, ``filler`` and ``none`` are no data.
        pieces: Its text.
        notes: What must be said of it.
        detail: What the notes add.
        is_long: Whether it is folded at first.
    """

    kind: Kind
    pieces: Sequence[Piece] = ()
    notes: Sequence[NoteView] = ()
    detail: str | None = None
    is_long: bool = False

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def preview(self) -> Sequence[Piece]:
        """A part of a long text: from its beginning, or from shortly before what changed."""
        shown: list[Piece] = []
        room = _PREVIEW
        for piece, following in zip_longest(self.pieces, self.pieces[1:]):
            text = piece.text
            if following is not None and not shown and len(text) > _LEAD:
                text = "…" + text[-_LEAD:]
            text = text if len(text) <= room else text[:room] + "…"
            shown.append(Piece(text, piece.is_changed))
            room -= len(text)
            if room <= 0:
                break
        return shown


def visible(text: str) -> str:
    """Show characters that cannot be seen, or that turn text around, as escapes."""
    return _INVISIBLE.sub(_escape, text)


def visible_lines(text: str) -> str:
    """As `visible`, for text of several lines."""
    return "\n".join(map(visible, text.split("\n")))


def both_values(diff: ColumnDiff) -> tuple[ValueView, ValueView]:
    """The old and the new value, with what changed inside a text marked."""
    old, new = value_view(diff.old), value_view(diff.new)
    if diff.status is not ColumnStatus.CHANGED or {old.kind, new.kind} - {"text", "json"}:
        return old, new
    before, after = marked(old.text, new.text)
    return (
        msgspec.structs.replace(old, pieces=[Piece(*piece) for piece in before]),
        msgspec.structs.replace(new, pieces=[Piece(*piece) for piece in after]),
    )


def value_view(value: ColumnValue | None) -> ValueView:
    """Show one value."""
    if value is None:
        return ValueView("none")
    notes = [NoteView(word, NOTES.get(word, "")) for word in value.notes]
    if value.text is None:
        return ValueView("unsent", (), notes, value.detail)
    kind, text = read_value(value.text)
    shown: Kind = kind if value.trusted else "filler"
    return ValueView(shown, (Piece(text),), notes, value.detail, len(text) > _LONG)


def read_value(json_text: str) -> tuple[Kind, str]:
    """The kind of a JSON value, and its text for people."""
    stripped = json_text.strip()
    if stripped == "null":
        return "null", "null"
    if stripped in ("true", "false"):
        return "boolean", stripped
    if stripped.startswith('"'):
        return "text", visible(json.loads(stripped, strict=False))
    if stripped.startswith(("{", "[")):
        return "json", visible(indented(stripped))
    return "number", stripped


def read_key(json_text: str) -> str:
    """A key for people: the bare value of one column, or all columns by name."""
    found = [
        (visible(json.loads(m.name, strict=False)), read_value(json_text[m.start : m.end])[1])
        for m in members(json_text) or ()
    ]
    if not found:
        return visible(json_text)
    return " ".join(f"{name}={text}" if len(found) > 1 else text for name, text in found)


def indented(json_text: str) -> str:
    """The JSON text with line breaks, every number and name as it was; as it is where too deep."""
    if nesting(json_text) > MAX_DEPTH:  # how deep a parser goes is another matter on each Python
        return json_text
    try:
        return msgspec.json.format(json_text, indent=2)
    except (msgspec.MsgspecError, RecursionError, UnicodeEncodeError):
        return json_text


def short(value: ColumnValue | None, most: int) -> Brief:
    """A value in a few characters, on one line."""
    view = value_view(value)
    if view.kind == "null":
        return Brief("NULL", is_data=False)
    if view.kind in ("unsent", "filler", "none"):
        return Brief("not known", is_data=False)
    text = _on_one_line(value)
    if view.kind == "text" and not text:
        return Brief("blank text" if view.text else "empty text", is_data=False)
    return Brief(_cut(text, most))


def both_short(diff: ColumnDiff, most: int) -> tuple[Brief, Brief]:
    """Both values in a few characters, among them the first ones that differ."""
    old, new = short(diff.old, most), short(diff.new, most)
    if old != new or not old.is_data:
        return old, new
    before, after = _on_one_line(diff.old), _on_one_line(diff.new)
    pairs = zip(before, after, strict=False)
    start = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)) - _SHORT_LEAD
    if start <= 0 or before == after:
        return old, new
    return Brief(_cut("…" + before[start:], most)), Brief(_cut("…" + after[start:], most))


def _on_one_line(value: ColumnValue | None) -> str:
    return " ".join(value_view(value).text.split())


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\u{code:04x}" if code < _BEYOND_BMP else f"\\U{code:08x}"

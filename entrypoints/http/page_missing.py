"""What is missing from the trail where it touches an answer, with links to what can be done."""

from collections.abc import Sequence

import msgspec

from domain.missing_part import Incompleteness, MissingKind, MissingPart
from entrypoints.http.page_values import visible


class MissingView(msgspec.Struct, frozen=True):
    """One missing part, and its page."""

    text: str
    url: str


class IncompleteView(msgspec.Struct, frozen=True):
    """Why an answer may be incomplete."""

    parts: Sequence[MissingView]
    has_more: bool


class Todo(msgspec.Struct, frozen=True):
    """Something to act on: how many, of what, and where; `is_least` if there may be more."""

    number: int
    words: str
    url: str
    is_least: bool = False


_KINDS = (
    (MissingKind.GAP, "/gaps", "open gap", "open gaps"),
    (MissingKind.QUARANTINE, "/quarantine", "record in quarantine", "records in quarantine"),
)


def missing_view(*found: Incompleteness) -> IncompleteView | None:
    """Show what is missing, of several each part once; None where nothing is."""
    parts = {(part.kind, part.id): part for missing in found for part in missing.parts}
    if not parts:
        return None
    has_more = any(missing.has_more for missing in found)
    return IncompleteView([_part(part) for part in parts.values()], has_more)


def todo_of(missing: Incompleteness) -> Sequence[Todo]:
    """What there is to act on, each kind once."""
    found: list[Todo] = []
    for kind, url, one, several in _KINDS:
        number = sum(part.kind is kind for part in missing.parts)
        if number:
            words = one if number == 1 else several
            found.append(Todo(number, words, url, is_least=missing.has_more))
    return found


def part_url(part: MissingPart) -> str:
    """The page of what is missing."""
    if part.kind is MissingKind.GAP:
        return f"/gaps/{part.id}"
    return f"/quarantine/{part.id}"


def _part(part: MissingPart) -> MissingView:
    where = f"{visible(part.topic)}, partition {part.partition}, {_offsets(part)}"
    return MissingView(f"{_name(part)}: {where} ({visible(part.cause)})", part_url(part))


def _name(part: MissingPart) -> str:
    if part.kind is MissingKind.GAP:
        return f"gap {part.id}"
    return f"quarantined record {part.id}"


def _offsets(part: MissingPart) -> str:
    if part.next_offset == part.first_offset:
        return f"from offset {part.first_offset} on"
    if part.next_offset == part.first_offset + 1:
        return f"offset {part.first_offset}"
    return f"offsets {part.first_offset} to {part.next_offset - 1}"

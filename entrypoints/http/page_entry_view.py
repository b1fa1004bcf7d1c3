"""Turns entries of the quarantine into what the templates show: bytes as hexadecimal and text."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from domain.quarantine_entry import NEVER_BY_ITSELF, QuarantineEntry, QuarantineEvent
from entrypoints.http.page_facts import time_view
from entrypoints.http.page_structs import Fact, TimeView
from entrypoints.http.page_values import visible, visible_lines

_MOST_BYTES = 4_096
_IN_LINE = 16
_PRINTABLE = range(0x20, 0x7F)


class BytesView(msgspec.Struct, frozen=True, kw_only=True):
    """
    Bytes of a record.

    Attributes:
        name: Which.
        size: How many there were; None for Kafka null.
        text: As text, where they are text.
        hexadecimal: As they are, sixteen a line.
        is_cut: Whether there are more than are shown.
        is_withheld: Whether they are not kept here.
    """

    name: str
    size: int | None
    text: str | None
    hexadecimal: str
    is_cut: bool
    is_withheld: bool


class EntryLine(msgspec.Struct, frozen=True, kw_only=True):
    """An entry in a list."""

    id: int
    time: TimeView
    topic: str
    place: str
    error: str
    message: str
    state: str
    retries: str


class WholeEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry, opened."""

    line: EntryLine
    is_open: bool
    is_accounted: bool
    facts: Sequence[Fact]
    bytes: Sequence[BytesView]
    encryption_key: str | None


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to an entry."""

    time: TimeView
    what: str
    by: str | None
    message: str | None


def line_of(entry: QuarantineEntry, now: datetime) -> EntryLine:
    """Show an entry in a list."""
    bad = entry.record
    return EntryLine(
        id=entry.error_id,
        time=time_view(entry.created_at, now),
        topic=visible(bad.topic),
        place=f"partition {bad.kafka_partition}, offset {bad.kafka_offset}",
        error=visible(bad.error_type),
        message=visible(bad.error_message),
        state="open" if entry.is_open else visible(entry.resolution or "resolved"),
        retries=f"{entry.retry_count} of {entry.max_retries}",
    )


def entry_of(entry: QuarantineEntry, now: datetime) -> WholeEntry:
    """Show an entry, opened."""
    bad = entry.record
    key_size, value_size = bad.sizes
    is_sealed = bad.encryption_key_id is not None
    shown = [
        _bytes("Key", None if is_sealed else bad.key, key_size),
        _bytes("Value", None if is_sealed else bad.value, value_size),
    ]
    if not is_sealed:
        shown += [
            _bytes(f"Header {visible(name)}", value, None if value is None else len(value))
            for name, value in bad.headers
        ]
    return WholeEntry(
        line=line_of(entry, now),
        is_open=entry.is_open,
        is_accounted=entry.is_accounted,
        facts=_facts(entry, now),
        bytes=shown,
        encryption_key=None if bad.encryption_key_id is None else visible(bad.encryption_key_id),
    )


def event_of(event: QuarantineEvent, now: datetime) -> EventView:
    """Show what happened to an entry."""
    told = [text for text in (event.error_type, event.message) if text]
    return EventView(
        time=time_view(event.happened_at, now),
        what=event.kind.value,
        by=None if event.actor is None else visible(event.actor),
        message=visible(": ".join(told)) or None,
    )


def _facts(entry: QuarantineEntry, now: datetime) -> Sequence[Fact]:
    bad = entry.record
    when = entry.next_retry_at
    times = (
        ("Quarantined", entry.created_at),
        ("In Kafka", None if bad.kafka_timestamp is None else bad.kafka_timestamp * 1000),
        ("Next retry", when if entry.is_open else None),
        ("Resolved", entry.resolved_at),
    )
    facts = [
        Fact(name="Kafka", text=visible(bad.topic), remark=f"{_place(entry)}", is_code=True),
        Fact(name="Record", text=bad.coordinates, is_code=True),
    ]
    facts += [Fact(name=name, text="", time=time_view(time, now)) for name, time in times if time]
    facts.append(Fact(name="Retries that failed", text=_retries(entry)))
    if entry.resolution_note:
        facts.append(Fact(name="Reason", text=visible(entry.resolution_note)))
    return facts


def _place(entry: QuarantineEntry) -> str:
    bad = entry.record
    return f"partition {bad.kafka_partition}, offset {bad.kafka_offset}, stream {bad.stream_id}"


def _retries(entry: QuarantineEntry) -> str:
    told = f"{entry.retry_count} of {entry.max_retries}"
    if entry.record.error_type in NEVER_BY_ITSELF:
        return f"{told}; never by itself: it ended a worker's process"
    return told


def _bytes(name: str, data: bytes | None, size: int | None) -> BytesView:
    shown = (data or b"")[:_MOST_BYTES]
    return BytesView(
        name=name,
        size=size,
        text=_text(shown),
        hexadecimal="\n".join(_lines(shown)),
        is_cut=len(data or b"") > _MOST_BYTES,
        is_withheld=data is None and size is not None,
    )


def _text(data: bytes) -> str | None:
    if not data:
        return None
    text = data.decode("utf-8", "replace")
    return visible_lines(text)


def _lines(data: bytes) -> Sequence[str]:
    """As programs that show bytes do: ``0000  7b 22 69 64 ...  {"id``."""
    lines: list[str] = []
    for start in range(0, len(data), _IN_LINE):
        part = data[start : start + _IN_LINE]
        text = "".join(chr(byte) if byte in _PRINTABLE else "." for byte in part)
        lines.append(f"{start:04x}  {part.hex(' '):<{3 * _IN_LINE - 1}}  {text}")
    return lines

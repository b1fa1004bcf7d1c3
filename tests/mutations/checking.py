"""
What must hold of anything that became of a record, whatever had been done to it.

    rows    ──▶ as many columns as the table has, numbers in their size; JSON that both types take
    control ──▶ JSON likewise, but for what only `jsonb` refuses
    others  ──▶ in quarantine for a reason, and not by an exception that nobody expected

Lines with NUL, or with half a surrogate pair, are what PostgreSQL itself refuses: they are counted.
"""

import json
import re
import struct
from collections.abc import Iterator, Sequence
from typing import Any, cast

from adapters.postgres.batch_rows import control_line
from adapters.postgres.copy_binary import fields_of, number_of, split_lines
from adapters.postgres.row_encoder import COLUMNS
from domain.transformed import TransformedBatch

IMAGES = frozenset({"old_data", "new_data"})
JSON = IMAGES | {"value_notes", "source_metadata", "headers"}
BIGINTS = frozenset({"key_hash", "transaction_order", "collection_order"})
TIMES = frozenset({"change_timestamp", "captured_at", "kafka_timestamp"})
SIZES = {
    "stream_id": 4,
    "kafka_partition": 4,
    "kafka_offset": 8,
    "decoder_version": 2,
    **dict.fromkeys((*BIGINTS, *TIMES), 8),
}
"""Bytes of the columns that are numbers."""

UNEXPECTED = "decoding failed unexpectedly"
MOST_DEPTH = 1_000
MOST_DIGITS = 4_300

_BEFORE_COUNT, _BEFORE_ELEMENTS = 14, 20  # of an array that has elements


def faults(batch: TransformedBatch) -> Iterator[str]:
    """What is wrong with `batch`."""
    for record in batch.quarantined:
        if record.error_message.startswith(UNEXPECTED):
            yield f"offset {record.kafka_offset}: {record.error_message[:300]}"
        elif not record.error_message:
            yield f"offset {record.kafka_offset}: quarantined without a reason"
    yield from _faults_of_rows(batch.rows)
    for message in batch.control:
        line = control_line(message)
        if split_lines(line) != [line]:
            yield f"offset {message.kafka_offset}: a control message of several lines"
        for text in (message.payload, message.headers):
            if text is not None and (fault := json_fault(text)):
                yield f"offset {message.kafka_offset}: control message: {fault}"


def _faults_of_rows(rows: bytes) -> Iterator[str]:
    try:
        lines = split_lines(rows)
    except struct.error as error:
        yield f"the rows are torn: {error}"
        return
    for line in lines:
        if not is_refused(line):
            yield from row_faults(line)


def is_refused(line: bytes) -> bool:
    """Whether a line holds what PostgreSQL has no text for."""
    try:
        return any("\0" in text.decode() for text in _texts(line))
    except UnicodeDecodeError:
        return True


def row_faults(line: bytes) -> Iterator[str]:
    """What is wrong with a line of COPY."""
    fields = fields_of(line)
    where = "-".join(str(number_of(data or b"")) for data in fields[:3])
    if len(fields) != len(COLUMNS):
        yield f"{where}: {len(fields)} columns"
        return
    for name, data in zip(COLUMNS, fields, strict=True):
        if data is None:
            continue
        if len(data) != SIZES.get(name, len(data)):
            yield f"{where}: {name}: {number_of(data)} is not in {SIZES[name]} bytes"
        if name in JSON:
            text = data.decode()
            fault = jsonb_fault(text) if name in IMAGES else json_fault(text)
            if fault:
                yield f"{where}: {name}: {fault}: {text[:200]!r}"


def _texts(line: bytes) -> Iterator[bytes]:
    """All that is text in a line."""
    for name, data in zip(COLUMNS, fields_of(line), strict=False):
        if data is None or name in SIZES:
            continue
        if name != "changed_columns":
            yield data
        elif len(data) > _BEFORE_ELEMENTS:
            count = data[_BEFORE_COUNT : _BEFORE_COUNT + 2]
            yield from (text or b"" for text in fields_of(count + data[_BEFORE_ELEMENTS:]))


def json_fault(text: str) -> str | None:
    """Why PostgreSQL's `json` refuses a text; None if it does not."""
    try:
        _strict(text)
    except RecursionError:
        return "nested too deep"
    except ValueError as error:
        return str(error)
    return None


def jsonb_fault(text: str) -> str | None:
    """Why PostgreSQL's `jsonb` refuses a text; None if it does not."""
    try:
        return _value_fault(_strict(text))
    except RecursionError:
        return "nested too deep"
    except ValueError as error:
        return str(error)


def _strict(text: str) -> Any:  # noqa: ANN401 - JSON
    """Any JSON: numbers as their text, objects as pairs, so that nothing hides behind a double."""
    return json.loads(
        text,
        parse_float=_Number,
        parse_int=_Number,
        parse_constant=_no_constant,
        object_pairs_hook=list,
    )


class _Number(str):
    __slots__ = ()


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _value_fault(value: object, depth: int = 0) -> str | None:
    if depth > MOST_DEPTH:
        return "nested too deep"
    if isinstance(value, _Number):
        return _number_fault(value)
    if isinstance(value, str):
        if "\0" in value:
            return r"\u0000"
        return "half a surrogate pair" if re.search("[\ud800-\udfff]", value) else None
    if isinstance(value, list | tuple):
        parts = cast("Sequence[object]", value)
        found = (_value_fault(part, depth + 1) for part in parts)
        return next((fault for fault in found if fault), None)
    return None


def _number_fault(number: str) -> str | None:
    mantissa, _, exponent = number.lower().partition("e")
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    shift = int(exponent or 0)
    if len(whole) + shift > MOST_DIGITS or len(fraction) - shift > 16_383:
        return f"a number beyond numeric: {number[:40]}"
    return None

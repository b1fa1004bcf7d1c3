"""
Reads records, one JSON object a line.

    {"topic": "t", "key": "text", "value": {"$base64": "AAEC"}, "headers": [["n", "v"]]}
    {"topic": "t", "partition": 0, "offset": 7, "key_base64": null, "value_base64": "AAEC"}

A text is exactly these UTF-8 bytes, null is Kafka's null. `key_base64` and `value_base64` win over
`key` and `value`; a line that has one of them has its header values in base64, too.
"""

from base64 import b64decode
from collections.abc import Iterable, Iterator

import msgspec

from adapters.debezium.registered_schemas import RegisteredSchemas
from domain.consumed import ConsumedRecord, RawRecord
from entrypoints.decode.line_registry import line_schemas

_NO_TIME = -1


class GivenRecord(msgspec.Struct, frozen=True):
    """
    A record to decode.

    Attributes:
        name: What it is called in the output.
        record: The record as Kafka has it.
        schemas: The schemas that came with it; None where it brought none.
    """

    name: str
    record: ConsumedRecord
    schemas: RegisteredSchemas | None = None


class BadLine(msgspec.Struct, frozen=True):
    """
    A line that is no record.

    Attributes:
        name: Which line.
        problem: What is wrong with it.
    """

    name: str
    problem: str


class _Base64(msgspec.Struct, forbid_unknown_fields=True):
    data: str = msgspec.field(name="$base64")


_Written = str | _Base64 | None


class _Line(msgspec.Struct):
    topic: str
    name: str | None = None
    partition: int = 0
    offset: int | None = None
    timestamp: int = _NO_TIME
    key: _Written = None
    value: _Written | msgspec.UnsetType = msgspec.UNSET
    key_base64: str | msgspec.UnsetType | None = msgspec.UNSET
    value_base64: str | msgspec.UnsetType | None = msgspec.UNSET
    headers: list[tuple[str, _Written]] = []
    registry: msgspec.Raw = msgspec.Raw(b"null")


_decode = msgspec.json.Decoder(_Line).decode


def read_lines(lines: Iterable[bytes]) -> Iterator[GivenRecord | BadLine]:
    """Read records as `lines` come, one at a time; blank lines count, and are left out."""
    for number, line in enumerate(lines, start=1):
        if line.isspace():
            continue
        try:
            yield _given(_decode(line), number)
        except (msgspec.MsgspecError, ValueError) as error:
            yield BadLine(f"line {number}", f"line {number} is no record: {error}")


def place_of(record: ConsumedRecord) -> str:
    """The name of a record that was given none."""
    return f"{record.topic}/{record.partition}/{record.offset}"


def _given(line: _Line, number: int) -> GivenRecord:
    key = line.key if line.key_base64 is msgspec.UNSET else _recorded(line.key_base64)
    value = line.value if line.value_base64 is msgspec.UNSET else _recorded(line.value_base64)
    if value is msgspec.UNSET:
        raise ValueError("it has neither `value` nor `value_base64`; null is a tombstone")
    is_recorded = (line.key_base64, line.value_base64) != (msgspec.UNSET, msgspec.UNSET)
    headers = [(n, _recorded(v) if is_recorded else v) for n, v in line.headers]
    record = RawRecord(
        topic=line.topic,
        partition=line.partition,
        offset=number - 1 if line.offset is None else line.offset,
        timestamp=line.timestamp,
        key=_bytes(key),
        value=_bytes(value),
        headers=tuple((n, _bytes(v)) for n, v in headers),
    )
    registry = bytes(line.registry)
    schemas = None if registry == b"null" else line_schemas(registry)
    return GivenRecord(line.name or place_of(record), record, schemas)


def _recorded(written: _Written) -> _Written:
    """What stands in a field that is base64 by its name."""
    return _Base64(written) if isinstance(written, str) else written


def _bytes(written: _Written) -> bytes | None:
    if isinstance(written, _Base64):
        return b64decode(written.data, validate=True)
    return None if written is None else written.encode()

"""The hand-written events of the reference: each record, and what is expected of it."""

import base64
import json
from typing import Any

import msgspec

from adapters.debezium.decoder import DebeziumDecoder
from domain.consumed import RawRecord
from tests.unit.debezium.records import AT, DATA
from tests.unit.debezium.registries import of_example


def parsed(text: str | bytes) -> Any:  # noqa: ANN401 - JSON
    """JSON whose numbers with a fraction stay as they are written, and differ from texts."""
    return json.loads(text, parse_float=lambda number: ["float", number])


class Example(msgspec.Struct, frozen=True):
    """
    One line of the file.

    Attributes:
        name: What it shows.
        record: The record as Kafka has it.
        expect: What the reference expects.
        registry: The schemas that it names, as the file has them.
    """

    name: str
    record: RawRecord
    expect: dict[str, Any]
    registry: dict[str, Any]

    def decoder(self) -> DebeziumDecoder:
        """A new decoder that has the schemas."""
        schemas = of_example(self.registry) if self.registry else None
        return DebeziumDecoder(schemas=schemas)


def _bytes(written: str | dict[str, str] | None) -> bytes | None:
    if isinstance(written, dict):
        return base64.b64decode(written["$base64"])
    return None if written is None else written.encode()


def _example(line: str) -> Example:
    fields: dict[str, Any] = parsed(line)
    record = RawRecord(
        topic=fields["topic"],
        partition=0,
        offset=0,
        timestamp=AT,
        key=_bytes(fields["key"]),
        value=_bytes(fields["value"]),
        headers=tuple((name, _bytes(value)) for name, value in fields["headers"]),
    )
    return Example(fields["name"], record, fields["expect"], fields.get("registry", {}))


EXAMPLES = [_example(line) for line in (DATA / "examples.jsonl").read_text("utf-8").splitlines()]

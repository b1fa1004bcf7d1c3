"""
Recordings of real connectors, and the truth: what the database itself says of each change.

A recording without schemas is read with the schemas of its twin, which recorded the same changes:
the n-th record of a table with the n-th schema of that table.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from adapters.debezium.connect_schema import ConnectSchema, read_schema
from adapters.debezium.decoder import DebeziumDecoder
from adapters.debezium.registered_schemas import RegisteredSchemas
from adapters.debezium.registry_wire import RegistryWire
from adapters.debezium.value_plan import ValuePart
from domain.consumed import RawRecord
from tests.unit.debezium.records import DATA
from tests.unit.debezium.registries import of_recording
from tests.unit.debezium.sql_types import tables

RECORDED = DATA / "recorded"
NAMES = sorted(path.stem for path in RECORDED.glob("*.jsonl"))

TWINS = {
    "01-pg-basic-full": "03-pg-basic-full-schemas",
    "02-pg-basic-default": "03-pg-basic-full-schemas",
    "04-pg-types-default": "04-pg-types-default-schemas",
    "05-pg-types-connect": "05-pg-types-connect-schemas",
    "05-pg-types-microseconds": "05-pg-types-microseconds-schemas",
    "06-pg-toast": "06-pg-toast-schemas",
    "09-pg-messages": "09-pg-messages-schemas",
    "09-pg-messages-tx": "09-pg-messages-schemas",
    "13-pg-heartbeat": "13-pg-heartbeat-schemas",
    "14-pg-schema-evolution-slow": "14-pg-schema-evolution-slow-schemas",
    "16-pg-edge": "16-pg-edge-schemas",
    "17-mariadb-default": "18-mariadb-default-schemas",
    "17-mariadb-snapshot": "18-mariadb-default-schemas",
}
"""Recording without schemas to the one of the same changes that has them."""

Row = Mapping[str, str | None]


class TrueChange(msgspec.Struct, frozen=True):
    """
    One change as the database tells it.

    Attributes:
        step: The statement that made it.
        table: Bare name of the table.
        op: ``c``, ``u`` or ``d``.
        before: Column to text.
        after: Column to text.
    """

    step: int
    table: str
    op: str
    before: Row | None
    after: Row | None


@cache
def recording(name: str) -> Sequence[RawRecord]:
    """The records of a recording, in topic order."""
    lines = (RECORDED / f"{name}.jsonl").read_text("utf-8").splitlines()
    return tuple(_record(json.loads(line)) for line in lines)


@cache
def truth(name: str) -> Sequence[TrueChange]:
    """The changes that the database tells of, in the order of the statements."""
    path = RECORDED / f"{name}.truth.json"
    told: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    steps: list[dict[str, Any]] = told.get("steps", [])
    return tuple(
        TrueChange(
            step=step["step"],
            table=_bare(change["table"]),
            op=change["op"],
            before=change["before"],
            after=change["after"],
        )
        for step in steps
        for change in step.get("changes", ())
    )


@cache
def registered(name: str) -> RegisteredSchemas | None:
    """The schemas that the records of a recording name; None where they name none."""
    path = RECORDED / f"{name}.schemas.json"
    return of_recording(json.loads(path.read_text("utf-8"))) if path.exists() else None


def decoder_of(name: str) -> DebeziumDecoder:
    """A new decoder for a recording."""
    return DebeziumDecoder(schemas=registered(name))


def row_schema(name: str, table: str, number: int) -> ConnectSchema | None:
    """
    The schema of the rows of a table's n-th record, in the recording or in its twin.

    Where neither has one, it is made of the SQL that made the table, with the columns whose type
    is known.
    """
    schemas = _schemas(TWINS.get(name, name)).get(table)
    if schemas is None:
        return tables(name).get(table)
    return schemas[min(number, len(schemas) - 1)]


@cache
def _schemas(name: str) -> Mapping[str, Sequence[ConnectSchema]]:
    found: dict[str, list[ConnectSchema]] = {}
    for record in recording(name):
        schema, payload = _read(name, record.value or b"")
        rows = None if schema is None else schema.child("after")
        if rows is not None:
            found.setdefault(payload["source"]["table"], []).append(rows)
    return found


def _read(name: str, value: bytes) -> tuple[ConnectSchema | None, dict[str, Any]]:
    """A value's schema, and the value."""
    schemas = registered(name)
    if schemas is not None and value:
        part = RegistryWire(schemas).part(value, None)
        assert isinstance(part, ValuePart)
        return part.plan.connect.schema, part.value
    if not value.startswith(b'{"schema":{'):
        return None, {}
    wrapped: dict[str, Any] = json.loads(value)
    return read_schema(msgspec.json.encode(wrapped["schema"])), wrapped["payload"]


def _bare(table: str) -> str:
    """The bare name of a table, whose schema has no full stop but in one recording."""
    return table.removeprefix("we ird.Schéma.").removeprefix("public.").removeprefix("select.")


def _record(fields: Mapping[str, Any]) -> RawRecord:
    return RawRecord(
        topic=fields["topic"],
        partition=fields["partition"],
        offset=fields["offset"],
        timestamp=fields["timestamp"],
        key=_bytes(fields["key_base64"]),
        value=_bytes(fields["value_base64"]),
        headers=tuple((name, _bytes(value)) for name, value in fields["headers"]),
    )


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)

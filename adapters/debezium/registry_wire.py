"""
The wire format step for what a schema registry knows the schema of.

    headers, or 00 and an id ──▶ schema ──▶ Avro, Protobuf  ──▶ values and their plan
                                        └──▶ JSON           ──▶ JSON and its plan

What a schema says is worked out once. The registry is asked through a port that remembers.
"""

from collections.abc import Callable

import msgspec

from adapters.debezium.avro_wire import AvroWire
from adapters.debezium.connect_schema import ConnectSchema, read_schema
from adapters.debezium.exact_json import Json
from adapters.debezium.json_schema import connect_schema
from adapters.debezium.poison import invalid
from adapters.debezium.registered_schemas import RegisteredSchemas
from adapters.debezium.row_plan import EnvelopePlan
from adapters.debezium.schema_names import (
    SchemaName,
    content_reference,
    front_of,
    named_in_front,
)
from adapters.debezium.value_plan import ValuePart, ValuePlan
from adapters.debezium.wire_json import JsonPart
from adapters.debezium.wire_values import ANY
from domain.errors import ValidationError
from domain.registered_schema import (
    RegisteredSchema,
    SchemaFormat,
    SchemaIdKind,
    SchemaReference,
)

Part = JsonPart | ValuePart
Reader = Callable[[bytes, SchemaName], Part]
"""Takes a body out of its format; the name says what else headers tell of it."""

_CONFLUENT = frozenset({SchemaIdKind.CONFLUENT_ID, SchemaIdKind.CONFLUENT_GUID})
_MOST_SCHEMAS = 1000


class NoRegistry:
    """Stands for a registry where none is configured."""

    def find(self, reference: SchemaReference) -> RegisteredSchema:
        raise invalid(
            "registry_needed",
            f"it is in a format whose schema is in a registry ({reference}), and none is "
            f"configured. Set schema_registry.url, then retry the record",
        )


class RegistryWire:
    """
    Takes keys and values out of registries' formats.

    Args:
        schemas: The schemas, and how records name them.
    """

    def __init__(self, schemas: RegisteredSchemas) -> None:
        self._lookup = schemas.lookup
        self._ids = schemas.ids
        self._readers: dict[SchemaReference, Reader] = {}
        self._fronts: dict[bytes, tuple[Reader, SchemaName]] = {}

    def part(self, data: bytes, name: SchemaName | None) -> Part:
        """
        The key or value that `data` is.

        Args:
            data: Its bytes.
            name: The schema that headers name; None where it is named in front of the body.

        Raises:
            TransformationError: There is no such schema, or `data` is not of it.
            SchemaRegistryUnavailableError: The registry is away: nothing is wrong with `data`.
        """
        if name is not None:
            return self._reader(name)(data, name)
        front = front_of(data, self._ids)
        known = self._fronts.get(front)
        if known is None:
            named = named_in_front(front, self._ids)
            if len(self._fronts) >= _MOST_SCHEMAS:
                self._fronts.clear()
            known = self._fronts[front] = self._reader(named), named
        reader, named = known
        return reader(data[len(front) :], named)

    def front(self, data: bytes) -> bytes:
        """What in front of a key or value names its schema."""
        return front_of(data, self._ids)

    def json_part(self, schema_id: int, payload: Json) -> Part:
        """What Apicurio's ``{"schemaId": ..., "payload": ...}`` is. Raises as `part` does."""
        name = SchemaName(content_reference(schema_id, self._ids))
        return self._reader(name)(bytes(payload), name)

    def _reader(self, name: SchemaName) -> Reader:
        reference = name.reference
        if reference is None:
            raise invalid("bad_schema_id", "headers name a schema of a registry, but not by its id")
        found = self._readers.get(reference)
        if found is None:
            schema = self._lookup.find(reference)
            if len(self._readers) >= _MOST_SCHEMAS:
                self._readers.clear()
            try:
                found = _reader_of(schema, is_confluent=reference.kind in _CONFLUENT)
            except ValidationError as error:
                found = _refusing(error)
            self._readers[reference] = found
        return found


def _reader_of(schema: RegisteredSchema, *, is_confluent: bool) -> Reader:
    match schema.format:
        case SchemaFormat.AVRO:
            return _avro(schema)
        case SchemaFormat.PROTOBUF:
            return _protobuf(schema, is_confluent=is_confluent)
        case SchemaFormat.JSON:
            return _json(connect_schema(schema))
        case SchemaFormat.KCONNECT:
            return _json(_connect(schema))


def _avro(schema: RegisteredSchema) -> Reader:
    wire = AvroWire(schema)
    plan = ValuePlan(wire.connect)

    def read(body: bytes, name: SchemaName) -> Part:
        value = wire.read_json(body) if name.is_json else wire.read(body)
        return ValuePart(value, plan, body)

    return read


def _protobuf(schema: RegisteredSchema, *, is_confluent: bool) -> Reader:
    # Imported late: it takes a sixth of a second, for nothing where no record is in Protobuf.
    from adapters.debezium.protobuf_wire import ProtobufWire  # noqa: PLC0415 - see above

    wire = ProtobufWire(schema)
    return lambda body, name: wire.part(body, is_confluent=is_confluent, message=name.message)


def _json(schema: ConnectSchema | None) -> Reader:
    plan = None if schema is None or schema.type == ANY else EnvelopePlan(schema)
    return lambda body, _: JsonPart(body, plan, has_wrapper=True)


def _connect(schema: RegisteredSchema) -> ConnectSchema | None:
    try:
        found: ConnectSchema | None = read_schema(schema.text)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise invalid(
            "bad_schema", f"the Connect schema of the record cannot be used: {error}"
        ) from error
    return found


def _refusing(error: ValidationError) -> Reader:
    """A schema that nobody can decode with: that stays so."""
    text, summary = str(error), error.summary

    def refuse(body: bytes, name: SchemaName) -> Part:
        del body, name
        raise ValidationError(text, summary=summary)

    return refuse

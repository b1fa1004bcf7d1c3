"""Bodies in Avro: read with the writer's schema, and nothing else; fastavro has the last word."""

from collections.abc import Mapping
from io import BytesIO, StringIO
from typing import Any

import fastavro
import msgspec
from fastavro.schema import SchemaParseException, UnknownType

from adapters.debezium.avro_reader import AvroReader, NotCompiledError, compile_reader
from adapters.debezium.avro_schema import AvroTypes
from adapters.debezium.connect_schema import ConnectSchema
from adapters.debezium.poison import invalid, shown
from domain.registered_schema import RegisteredSchema

_library: Any = fastavro  # its stubs leave open what its streams hold

_BROKEN = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RecursionError,
    StopIteration,
    TypeError,
    ValueError,
)
"""What fastavro raises for bytes that are not of a schema; it has no error of its own for it."""


class AvroWire:
    """
    Reads bodies of one schema.

    Args:
        schema: The writer's schema, with everything that it refers to.

    Attributes:
        connect: What its values mean.

    Raises:
        ValidationError: It is no schema that can be used.
    """

    def __init__(self, schema: RegisteredSchema) -> None:
        try:
            referenced = dict(_referenced(schema.references))
            found = AvroTypes(referenced).type(msgspec.json.decode(schema.text))
            self._schema = fastavro.parse_schema(found.bare)
        except (
            AttributeError,
            LookupError,
            RecursionError,
            SchemaParseException,
            msgspec.MsgspecError,
            TypeError,
            UnknownType,
            ValueError,
        ) as error:
            raise invalid(
                "bad_schema", f"the Avro schema of the record cannot be used: {error!r}"
            ) from error
        self.connect: ConnectSchema = found.connect
        self._compiled = _compiled(found.bare)

    def read(self, body: bytes) -> Any:
        """
        The value that `body` is.

        Raises:
            ValidationError: It is not of the schema, or more than it.
        """
        if self._compiled is not None:
            try:
                return self._compiled(body)
            except Exception:  # noqa: BLE001, S110 - fastavro judges what is not of the schema, and says why
                pass
        stream = BytesIO(body)
        try:
            value = _library.schemaless_reader(stream, self._schema, None)
        except _BROKEN as error:
            raise _not_of_schema(body, error) from error
        if stream.tell() != len(body):
            raise invalid(
                "trailing_bytes",
                f"{len(body) - stream.tell()} of {len(body)} bytes follow what the Avro schema of "
                f"the record describes: {shown(body)}",
            )
        return value

    def read_json(self, body: bytes) -> Any:
        """The value that `body` is in Avro's JSON encoding. Raises as `read` does."""
        try:
            (value,) = _library.json_reader(StringIO(body.decode()), self._schema)
        except _BROKEN as error:
            raise _not_of_schema(body, error) from error
        return value


def _compiled(schema: Any) -> AvroReader | None:
    try:
        return compile_reader(schema)
    except NotCompiledError:
        return None


def _referenced(references: Mapping[str, RegisteredSchema]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for name, schema in references.items():
        found.update(_referenced(schema.references))
        found[name] = msgspec.json.decode(schema.text)
    return found


def _not_of_schema(body: bytes, error: BaseException) -> Exception:
    return invalid(
        "bad_avro",
        f"the body is not what its Avro schema describes ({type(error).__name__}: {error}): "
        f"{shown(body)}",
    )

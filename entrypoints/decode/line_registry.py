"""
The schemas that a line brings with it, in place of a registry.

    {"confluent_ids": {"7": <Avro schema>}} ──▶ RegisteredSchemas ──▶ decoder

A schema is the schema itself, or that as a text, as registries answer; or an object with its
`schemaType` and, as text, the `schema`.
"""

import functools
from collections.abc import Iterator, Mapping

import msgspec

from adapters.debezium.registered_schemas import RegisteredSchemas, SchemaIds
from domain.errors import SchemaNotFoundError
from domain.registered_schema import RegisteredSchema, SchemaFormat, SchemaIdKind, SchemaReference

_MOST_KEPT = 16

_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class _Numberings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The form of a line's registry: by numbering, id to schema."""

    confluent_ids: dict[str, msgspec.Raw] = {}
    confluent_guids: dict[str, msgspec.Raw] = {}
    apicurio_global_ids: dict[str, msgspec.Raw] = {}
    apicurio_content_ids: dict[str, msgspec.Raw] = {}


class _Typed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A schema whose language is told."""

    schema_type: SchemaFormat
    schema: str = "{}"


class LineSchemas:
    """Knows the schemas of one line."""

    def __init__(self, schemas: Mapping[SchemaReference, RegisteredSchema]) -> None:
        self._schemas = schemas

    def find(self, reference: SchemaReference) -> RegisteredSchema:
        """
        Find a schema.

        Raises:
            SchemaNotFoundError: The line has no such schema.
        """
        found = self._schemas.get(reference)
        if found is None:
            raise SchemaNotFoundError(
                f"the record names {reference}, which the line's own registry does not have. "
                f"Add it there, or leave `registry` out and give --registry."
            )
        return found


@functools.lru_cache(maxsize=_MOST_KEPT)
def line_schemas(registry: bytes) -> RegisteredSchemas:
    """
    Read the registry of a line; the same text gives the same schemas.

    Raises:
        msgspec.MsgspecError: It does not have the form.
    """
    numberings = msgspec.json.decode(registry, type=_Numberings)
    is_confluent = bool(numberings.confluent_ids or numberings.confluent_guids)
    ids = SchemaIds(registry="confluent" if is_confluent else "apicurio")
    return RegisteredSchemas(LineSchemas(dict(_numbered(numberings))), ids)


def _numbered(given: _Numberings) -> Iterator[tuple[SchemaReference, RegisteredSchema]]:
    avro, kconnect = SchemaFormat.AVRO, SchemaFormat.KCONNECT
    for kind, schemas, usual in (
        (SchemaIdKind.CONFLUENT_ID, given.confluent_ids, avro),
        (SchemaIdKind.CONFLUENT_GUID, given.confluent_guids, avro),
        (SchemaIdKind.APICURIO_GLOBAL_ID, given.apicurio_global_ids, avro),
        (SchemaIdKind.APICURIO_CONTENT_ID, given.apicurio_content_ids, kconnect),
    ):
        for number, schema in schemas.items():
            yield SchemaReference(kind, number), _schema(schema, usual)


def _schema(written: msgspec.Raw, usual: SchemaFormat) -> RegisteredSchema:
    text = bytes(written).decode()
    if text.startswith('"'):
        inner = msgspec.json.decode(text, type=str)
        text = inner if inner.lstrip().startswith(("{", "[")) else text
    if not text.startswith("{") or "schemaType" not in _members(text):
        return RegisteredSchema(usual, text)
    typed = msgspec.json.decode(text, type=_Typed)
    return RegisteredSchema(typed.schema_type, typed.schema)

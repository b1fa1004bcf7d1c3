"""
How a record names the schema of its key or value: in headers, else in front of the body.

    Confluent   __value_schema_id     01 and the GUID (and, for Protobuf, the message's indexes)
                00, 4 bytes           an id
    Apicurio    apicurio.value.*      contentId or globalId in 8 bytes; encoding
                00, 4 or 8 bytes      a content id or a global id

A first byte 00 is no proof of an id: with headers, Avro's body begins with it where `before` is
null. So headers come first.
"""

from collections.abc import Mapping, Sequence
from typing import Literal
from uuid import UUID

import msgspec

from adapters.debezium.poison import invalid, shown
from adapters.debezium.registered_schemas import SchemaIds
from domain.registered_schema import SchemaIdKind, SchemaReference

Side = Literal["key", "value"]

MAGIC = 0
_GUID_MAGIC = 1
_ID_SIZE, _LONG_ID_SIZE, _GUID_SIZE = 4, 8, 16
_SHORTEST_FRAME = 1 + _ID_SIZE
_ZEROS = bytes(_ID_SIZE)
_APICURIO_IDS = {
    "contentId": SchemaIdKind.APICURIO_CONTENT_ID,
    "globalId": SchemaIdKind.APICURIO_GLOBAL_ID,
}


class SchemaName(msgspec.Struct, frozen=True, gc=False):
    """
    The schema that a record names.

    Attributes:
        reference: Where it is; None if the headers that name it cannot be understood.
        is_in_headers: Whether headers name it: the body has nothing in front of it then.
        is_json: Whether the body is in Avro's JSON encoding.
        message: Which message of a Protobuf file the body is, as headers say it: its indexes
            (Confluent) or its name (Apicurio); None where they do not.
    """

    reference: SchemaReference | None
    is_in_headers: bool = False
    is_json: bool = False
    message: bytes | str | None = None


def named_in_headers(headers: Sequence[tuple[str, bytes | None]], side: Side) -> SchemaName | None:
    """The schema that `headers` name for a key or value; None if they name none."""
    values = {name: value for name, value in headers if value is not None}
    own = values.get(f"__{side}_schema_id")
    return _of_confluent(own) if own is not None else _of_apicurio(values, side)


def front_of(data: bytes, ids: SchemaIds) -> bytes:
    """
    What stands in front of the body: 00 and the id.

    Raises:
        ValidationError: `data`, which begins with 00, is too short for an id.
    """
    size: int
    if ids.size != "auto":
        size = ids.size
    else:
        size = _LONG_ID_SIZE if data[1:_SHORTEST_FRAME] == _ZEROS else _ID_SIZE
    front = data[: 1 + size]
    if len(front) <= size:
        raise invalid("truncated_header", f"a schema registry's prefix cut short: {shown(data)}")
    return front


def named_in_front(front: bytes, ids: SchemaIds) -> SchemaName:
    """The schema that `front_of` a record names."""
    number = int.from_bytes(front[1:], "big")
    return SchemaName(SchemaReference(_id_kind(ids, len(front) - 1), str(number)))


def content_reference(schema_id: int, ids: SchemaIds) -> SchemaReference:
    """The schema that the id in an object of Apicurio's names."""
    kind = SchemaIdKind.APICURIO_CONTENT_ID
    if ids.kind == "global":
        kind = SchemaIdKind.APICURIO_GLOBAL_ID
    return SchemaReference(kind, str(schema_id))


def _id_kind(ids: SchemaIds, size: int) -> SchemaIdKind:
    if ids.registry == "confluent" and size == _ID_SIZE:
        return SchemaIdKind.CONFLUENT_ID
    is_global = size == _LONG_ID_SIZE if ids.kind == "auto" else ids.kind == "global"
    return SchemaIdKind.APICURIO_GLOBAL_ID if is_global else SchemaIdKind.APICURIO_CONTENT_ID


def _of_confluent(data: bytes) -> SchemaName:
    if len(data) > _GUID_SIZE and data[0] == _GUID_MAGIC:
        guid = str(UUID(bytes=data[1 : 1 + _GUID_SIZE]))
        reference = SchemaReference(SchemaIdKind.CONFLUENT_GUID, guid)
        indexes = data[1 + _GUID_SIZE :]
    elif len(data) >= _SHORTEST_FRAME and data[0] == MAGIC:
        number = int.from_bytes(data[1:_SHORTEST_FRAME], "big")
        reference = SchemaReference(SchemaIdKind.CONFLUENT_ID, str(number))
        indexes = data[_SHORTEST_FRAME:]
    else:
        return SchemaName(None, is_in_headers=True)
    return SchemaName(reference, is_in_headers=True, message=indexes or b"\0")


def _of_apicurio(values: Mapping[str, bytes], side: Side) -> SchemaName | None:
    prefix = f"apicurio.{side}."
    named = {
        name.removeprefix(prefix): data for name, data in values.items() if name.startswith(prefix)
    }
    if not named.keys() - {"encoding"}:
        return None
    message = values.get(f"apicurio.protobuf.type.{side}")
    reference = None
    for field, kind in _APICURIO_IDS.items():
        data = named.get(field, b"")
        if reference is None and len(data) == _LONG_ID_SIZE:
            reference = SchemaReference(kind, str(int.from_bytes(data, "big")))
    return SchemaName(
        reference,
        is_in_headers=True,
        is_json=named.get("encoding", b"").upper() == b"JSON",
        message=None if message is None else message.decode("utf-8", "replace"),
    )

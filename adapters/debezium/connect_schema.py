"""Kafka Connect's schemas, as JsonConverter writes them in front of every value."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

DECIMAL = "org.apache.kafka.connect.data.Decimal"
"""The name of Connect's decimals: bytes, with a scale among the parameters."""


class ConnectSchema(msgspec.Struct, frozen=True, gc=False):
    """
    A schema node: what a value is on the wire, and what it means (`name`).

    Attributes:
        type: ``struct``, ``array``, ``map``, ``string``, ``bytes``, ``boolean``, ``int8`` to
            ``int64``, ``float``, ``double``.
        name: Semantic type, such as ``io.debezium.time.Date``; None for a plain value.
        optional: Whether null is allowed.
        parameters: Details of the semantic type, text to text.
        default: The default as JSON; absent where there is none.
        field: Name of the field, inside a struct.
        fields: Fields of a struct, in order.
        items: Schema of an array's elements.
        keys: Schema of a map's keys.
        values: Schema of a map's values.
        is_ambiguous: Whether the wire's format lost what the value means (Protobuf keeps no
            semantic types of Debezium's).
        has_no_null: Whether the wire's format has no null for it: the type's default stands for
            both (Protobuf's fields without presence).
    """

    type: str
    name: str | None = None
    optional: bool = False
    parameters: Mapping[str, str] | None = None
    default: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    field: str | None = None
    fields: tuple[ConnectSchema, ...] = ()
    items: ConnectSchema | None = None
    keys: ConnectSchema | None = None
    values: ConnectSchema | None = None
    is_ambiguous: bool = False
    has_no_null: bool = False

    def child(self, field: str) -> ConnectSchema | None:
        """The schema of a struct's field; None if there is none of that name."""
        for node in self.fields:
            if node.field == field:
                return node
        return None

    def parameter(self, name: str) -> str | None:
        """A parameter of the semantic type; None if there is none of that name."""
        return None if self.parameters is None else self.parameters.get(name)


read_schema = msgspec.json.Decoder(ConnectSchema | None).decode
"""Parse a schema; None for JSON null. Raises `msgspec.MsgspecError`."""

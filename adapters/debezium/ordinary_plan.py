"""
Conversions on the short way: those of a schema that asks for nothing else.

    rows ──▶ their members ──▶ those of a semantic type in canonical form ──▶ rows

Both rows of a change go together: a value that is the same in both is converted once.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from adapters.debezium.connect_schema import DECIMAL, ConnectSchema
from adapters.debezium.exact_json import Json, decode_exact, encode
from adapters.debezium.ordinary_rows import NOT_ORDINARY, NotOrdinaryError
from adapters.debezium.row_plan import CONVERSION_ERRORS, ColumnPlan, EnvelopePlan
from adapters.debezium.semantic_types import Converter, Suspect
from adapters.debezium.unavailable import UnavailableValues, leaves_marker_in
from application.ordinary_ports import Conversion

_Members = dict[str, Any]
_decode_members: msgspec.json.Decoder[dict[str, msgspec.Raw] | None] = msgspec.json.Decoder(
    dict[str, msgspec.Raw] | None
)
_WHOLE = ("int32", "int64")
_NULL = msgspec.Raw(b"null")


class OrdinaryPlan:
    """
    What a schema asks for, where that is ordinary.

    Args:
        plan: What the schema says.
        unavailable: Values that stand for others, and must not be converted.

    Raises:
        NotOrdinaryError: It asks for more than conversions, or is not that of an envelope.
    """

    def __init__(self, plan: EnvelopePlan, unavailable: UnavailableValues) -> None:
        before, after = plan.before, plan.after
        if before is None or after is None or before.schema.fields != after.schema.fields:
            raise NotOrdinaryError
        self._convert = [(name, _only_conversion(own)) for name, own in after.columns.items()]
        self._schemas = {node.field: node for node in after.schema.fields}
        self._unavailable = unavailable

    @property
    def conversions(self) -> Mapping[str, Conversion]:
        """What each column that does not stay as it is needs."""
        return {
            column: self._conversion(self._schemas[column], convert)
            for column, convert in self._convert
        }

    def _conversion(self, schema: ConnectSchema, convert: Converter) -> Conversion:
        def canonical(text: bytes) -> bytes | None:
            try:
                return encode(self._canonical(msgspec.Raw(text), convert))
            except NOT_ORDINARY:
                return None

        if schema.type == "bytes" and schema.name == DECIMAL:
            return Conversion(canonical, DECIMAL, int(schema.parameter("scale") or 0))
        return Conversion(canonical, schema.name if schema.type in _WHOLE else None)

    def rows(self, old: msgspec.Raw, new: msgspec.Raw) -> tuple[Json, Json]:
        """
        Both rows in canonical form.

        Raises:
            NotOrdinaryError: A value stands for another, or is not what its schema says.
            msgspec.MsgspecError: They are neither objects nor null.
        """
        if not self._convert:
            return old, new
        before, after = _members(old), _members(new)
        for column, convert in self._convert:
            earlier, later = before.get(column, _NULL), after.get(column, _NULL)
            if later != _NULL:
                after[column] = self._canonical(later, convert)
            if earlier == later and later != _NULL:
                before[column] = after[column]
            elif earlier != _NULL:
                before[column] = self._canonical(earlier, convert)
        return encode(before) if before else old, encode(after) if after else new

    def _canonical(self, raw: msgspec.Raw, convert: Converter) -> Any:
        value = decode_exact(raw)
        if self._unavailable.is_one(value):
            raise NotOrdinaryError
        try:
            canonical = convert(value)
        except CONVERSION_ERRORS as error:
            raise NotOrdinaryError from error
        if type(canonical) is Suspect:
            raise NotOrdinaryError
        return canonical


def _only_conversion(plan: ColumnPlan) -> Converter:
    if plan.convert is None or plan != ColumnPlan(convert=plan.convert):
        raise NotOrdinaryError
    return plan.convert


def _members(row: msgspec.Raw) -> _Members:
    """The members of a row; none of null."""
    if leaves_marker_in(str(row, "utf-8")):
        raise NotOrdinaryError
    members: _Members | None = _decode_members.decode(row)
    if members is None:
        return {}
    if not members:  # without any it is to be told from null
        raise NotOrdinaryError
    return members

"""
What to do with values that a binary format decodes to, worked out once for each distinct schema.

    body ──▶ Avro, Protobuf ──▶ values ──▶ `ValueRows` ──▶ image            an ordinary envelope
                                       └──▶ JSON as JsonConverter's ──▶ ...  every other shape

Rows of an ordinary envelope become images without a detour over JSON. Whatever is not ordinary
takes the way of JSON with a schema, so both give the same.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec

from adapters.debezium.connect_schema import ConnectSchema
from adapters.debezium.envelope import ENVELOPE_FIELDS
from adapters.debezium.exact_json import encode
from adapters.debezium.row_plan import (
    CONVERSION_ERRORS,
    EnvelopePlan,
    RowPlan,
    bad_value,
)
from adapters.debezium.rows import Row, safe_row
from adapters.debezium.semantic_types import Converter, Suspect
from adapters.debezium.unavailable import UnavailableValues
from adapters.debezium.wire_json import JsonPart
from adapters.debezium.wire_values import ANY, Form, json_form
from domain.operation import ValueNote
from domain.value_notes import Note

_TIMES = frozenset({"ts_ms", "ts_us", "ts_ns"})


class ValueRows:
    """
    How decoded rows of one schema become images, and keys.

    Args:
        plan: The plan of the same rows in JSON.
    """

    def __init__(self, plan: RowPlan) -> None:
        self._plan = plan
        self._form = json_form(plan.schema)
        self._conversions = tuple(_conversions(plan))
        self._doubtful = tuple(
            (name, column)
            for name, column in plan.columns.items()
            if column.is_ambiguous or column.has_no_null
        )
        self._is_ordinary = not _says_nothing(plan.schema) and not any(
            column.is_changed_on_purpose for column in plan.columns.values()
        )

    def row(
        self, values: dict[str, Any], unavailable: UnavailableValues | None, *, has_traces: bool
    ) -> Row:
        """
        The image of a row. Takes `values` over.

        Args:
            values: The decoded row.
            unavailable: What to look for, where columns of the row can be unavailable.
            has_traces: Whether the record may hold a placeholder or a reference.

        Raises:
            TransformationError: A value is not what its schema says; the text names the column.
        """
        if self._is_ordinary and not has_traces:
            return self._ordinary(values)
        form = values if self._form is None else self._form(values)
        return self._plan.row(msgspec.Raw(encode(form)), unavailable)

    def both(self, before: dict[str, Any], after: dict[str, Any]) -> tuple[Row, Row] | None:
        """
        Both images of an update, what is the same in both converted once.

        Takes them over, and raises as `row` does.

        Returns:
            None if rows of the schema are not ordinary.
        """
        if not self._is_ordinary or self._doubtful:
            return None
        old_notes: dict[str, Note] = {}
        new_notes: dict[str, Note] = {}
        column = ""
        try:
            for column, convert, is_exact in self._conversions:
                old, new = before[column], after[column]
                converted = None if old is None else convert(old)
                if type(converted) is Suspect:
                    converted = _suspected(converted, column, old_notes)
                before[column] = converted
                if new != old or not is_exact:
                    converted = None if new is None else convert(new)
                    if type(converted) is Suspect:
                        converted = _suspected(converted, column, new_notes)
                elif column in old_notes:
                    new_notes[column] = old_notes[column]
                after[column] = converted
        except CONVERSION_ERRORS as error:
            raise bad_value(column, error) from error
        return _image(before, old_notes), _image(after, new_notes)

    def values(self, values: dict[str, Any]) -> dict[str, Any]:
        """The canonical values of a row that is a key. Takes `values` over; raises as `row`."""
        self._converted(values)
        return values

    def _ordinary(self, values: dict[str, Any]) -> Row:
        doubts = self._doubts(values) if self._doubtful else {}
        suspects = self._converted(values)
        return _image(values, {**doubts, **suspects})

    def _doubts(self, values: Mapping[str, Any]) -> dict[str, Note]:
        return {
            name: doubt
            for name, column in self._doubtful
            if (value := values[name]) is not None and (doubt := column.doubt(value)) is not None
        }

    def _converted(self, values: dict[str, Any]) -> dict[str, Note]:
        notes: dict[str, Note] = {}
        column = ""
        try:
            for column, convert, _ in self._conversions:
                value = values[column]
                if value is not None:
                    value = convert(value)
                    if type(value) is Suspect:
                        value = _suspected(value, column, notes)
                    values[column] = value
        except CONVERSION_ERRORS as error:
            raise bad_value(column, error) from error
        return notes


class ValuePlan:
    """
    What to do with values of one schema.

    Args:
        schema: What they mean.

    Attributes:
        connect: The plan of the same values in JSON.
        has_envelope: Whether they are ordinary envelopes of rows.
        has_one_row_type: Whether old and new rows are of the same type.
    """

    def __init__(self, schema: ConnectSchema) -> None:
        self.connect = EnvelopePlan(schema)
        self.has_envelope = _has_envelope(schema)
        self.has_one_row_type = _fields(schema, "before") == _fields(schema, "after")
        self._form = json_form(schema)

    @cached_property
    def before(self) -> ValueRows | None:
        """How an envelope's old rows become images."""
        plan = self.connect.before
        return None if plan is None else ValueRows(plan)

    @cached_property
    def after(self) -> ValueRows | None:
        """How an envelope's new rows become images."""
        plan = self.connect.after
        return None if plan is None else ValueRows(plan)

    @cached_property
    def itself(self) -> ValueRows | None:
        """How a value that is a row becomes a key."""
        plan = self.connect.itself
        return None if plan is None else ValueRows(plan)

    def in_json(self, value: Any) -> JsonPart:
        """The value as JsonConverter would have written it."""
        form = value if self._form is None or value is None else self._form(value)
        return JsonPart(msgspec.Raw(encode(form)), self.connect, has_wrapper=True)


class ValuePart(msgspec.Struct, gc=False):
    """
    A key or value, out of a binary format.

    Attributes:
        value: What it decoded to.
        plan: What its schema says.
        body: The bytes that it was, to search for placeholders in.
    """

    value: Any
    plan: ValuePlan
    body: bytes


def in_json(part: JsonPart | ValuePart) -> JsonPart:
    """A key or value as JsonConverter would have written it."""
    return part if isinstance(part, JsonPart) else part.plan.in_json(part.value)


def _suspected(suspect: Suspect, column: str, notes: dict[str, Note]) -> Any:
    notes[column] = ValueNote.SUSPECT
    return suspect.value


def _image(values: dict[str, Any], notes: dict[str, Note]) -> Row:
    data = encode(values)
    if b"\\u" in data:
        return safe_row(data, notes or None)
    return Row(data.decode(), values, notes or None)


def _conversions(plan: RowPlan) -> list[tuple[str, Converter, bool]]:
    """Columns, their conversions, and whether equal values are the same: 0.0 and -0.0 are not."""
    found: list[tuple[str, Converter, bool]] = []
    for node in plan.schema.fields:
        if node.field is None:
            continue
        column = plan.columns.get(node.field)
        form = json_form(node)
        both = _composed(form, None if column is None else column.convert)
        if both is not None:
            found.append((node.field, both, form is None))
    return found


def _composed(form: Form | None, convert: Converter | None) -> Converter | None:
    if form is None or convert is None:
        return form or convert
    return lambda value: convert(form(value))


def _fields(schema: ConnectSchema, side: str) -> Sequence[ConnectSchema]:
    node = schema.child(side)
    return () if node is None else node.fields


def _says_nothing(schema: ConnectSchema) -> bool:
    inner = (*schema.fields, schema.items, schema.keys, schema.values)
    return schema.type == ANY or any(_says_nothing(node) for node in inner if node is not None)


def _has_envelope(schema: ConnectSchema) -> bool:
    kinds = {node.field: node.type for node in schema.fields}
    return (
        {"op", "source", "before", "after"} <= kinds.keys() <= ENVELOPE_FIELDS
        and kinds["op"] == "string"
        and kinds["source"] == kinds["before"] == kinds["after"] == "struct"
        and kinds.get("transaction", "struct") == "struct"
        and all(kinds.get(time, "int64") == "int64" for time in _TIMES)
    )

"""
Rows without schema, of which something else tells the types: as far as it does.

    column of known type, value of its form ──▶ as if its schema had come with it
    anything else                           ──▶ as it is, noted as undecoded under its own name
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import msgspec

from adapters.debezium.connect_schema import ConnectSchema
from adapters.debezium.exact_json import Json, decode_exact, decode_members, encode
from adapters.debezium.fitting_values import fits
from adapters.debezium.row_plan import CONVERSION_ERRORS, EnvelopePlan, RowPlan
from adapters.debezium.rows import Row, missing_note, safe_row
from adapters.debezium.semantic_types import Suspect
from adapters.debezium.unavailable import UnavailableValues, leaves_reference_in
from domain.operation import ValueNote
from domain.value_notes import Note

_NULL = b"null"
_QUOTE = ord('"')
_SURE_DIGITS = {"int16": 4, "int32": 9, "int64": 18}


class TypedRowPlan(RowPlan):
    """How rows become images whose schema says less than all, or may be out of date."""

    def __init__(self, schema: ConnectSchema) -> None:
        super().__init__(schema)
        self._nodes = {node.field: node for node in schema.fields}
        self._looks_right = {
            node.field: look
            for node in schema.fields
            if node.field not in self.columns and (look := _quick_look(node)) is not None
        }

    def row(self, raw: msgspec.Raw, unavailable: UnavailableValues | None) -> Row:
        columns: dict[str, Any] = {}
        notes: dict[str, Note] = {}
        data = bytes(raw)
        may_miss = leaves_reference_in(data) or (
            unavailable is not None and unavailable.leave_traces_in(data)
        )
        for column, member in decode_members(data).items():
            text = bytes(member)
            look = None if may_miss else self._looks_right.get(column)
            if text == _NULL or (look is not None and look(text)):
                columns[column] = member
                continue
            value = decode_exact(member)
            note = missing_note(value, unavailable) if may_miss else None
            if note is not None and note != ValueNote.SUSPECT:
                notes[column] = note
                continue
            columns[column], own = self._canonical(column, value, member)
            if own is not None or note is not None:
                notes[column] = own or note or ValueNote.SUSPECT
        return safe_row(encode(columns), notes or None)

    def values(self, raw: Json) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for column, member in decode_members(raw).items():
            value = decode_exact(member)
            found[column], _ = self._canonical(column, value, value)
        return found

    def _canonical(self, column: str, value: Any, as_it_is: Any) -> tuple[Any, Note | None]:
        """A value in its canonical form, and a note; `as_it_is` where there is none to be had."""
        node = self._nodes.get(column)
        if node is None or not fits(node, value):
            return as_it_is, ValueNote.UNDECODED
        plan = self.columns.get(column)
        if plan is None or plan.convert is None or value is None:
            return as_it_is, None
        try:
            canonical = plan.convert(value)
        except CONVERSION_ERRORS:
            return as_it_is, ValueNote.UNDECODED
        if type(canonical) is Suspect:
            return canonical.value, ValueNote.SUSPECT
        return canonical, None


def _quick_look(node: ConnectSchema) -> Callable[[bytes], bool] | None:
    """Tells of most values of a type, by their JSON text, that they have its form."""
    if node.type == "string":
        return lambda text: text[0] == _QUOTE
    digits = _SURE_DIGITS.get(node.type)
    return None if digits is None else lambda text: len(text) <= digits and text.isdigit()


class TypedPlan(EnvelopePlan):
    """The same plan for the old row, the new row, and a row by itself."""

    def __init__(self, rows: TypedRowPlan) -> None:
        super().__init__(rows.schema)
        self._rows = rows

    @cached_property
    def before(self) -> RowPlan | None:
        return self._rows

    @cached_property
    def after(self) -> RowPlan | None:
        return self._rows

    @cached_property
    def itself(self) -> RowPlan | None:
        return self._rows


def typed_rows(plan: EnvelopePlan | None) -> RowPlan | None:
    """What is known of a table's columns, where it did not come as a schema with the record."""
    return plan.itself if isinstance(plan, TypedPlan) else None

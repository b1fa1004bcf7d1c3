"""
What a schema says of its rows, worked out once for each distinct schema.

A table whose columns need no conversion keeps its rows as raw slices.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import msgspec

from adapters.debezium.connect_schema import ConnectSchema
from adapters.debezium.exact_json import Json, decode_exact, decode_members, encode
from adapters.debezium.poison import invalid, undecodable
from adapters.debezium.rows import Row, missing_note, plain_row, safe_row
from adapters.debezium.semantic_types import Converter, Suspect, converter
from adapters.debezium.unavailable import UnavailableValues
from domain.errors import TransformationError
from domain.operation import ValueNote
from domain.value_notes import Note

CONVERSION_ERRORS = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    ArithmeticError,
)
"""What a conversion raises for a value that is not what its schema says."""

_DEFAULTS: tuple[Any, ...] = (0, "", b"", [], {})
_NULL = b"null"
_FEWEST_HASH_DIGITS = 16
_HEXADECIMAL = frozenset("0123456789abcdef")


class ColumnPlan(msgspec.Struct, frozen=True, gc=False):
    """
    What to do with a column's values.

    Attributes:
        convert: Brings a value into its canonical form; None if it stays as it is.
        is_masked: Whether Debezium masked or hashed the values.
        truncated_to: Characters (or bytes) that Debezium cut them to; None if it did not.
        is_ambiguous: Whether nothing tells what the values mean.
        has_no_null: Whether the type's default stands for null as well.
    """

    convert: Converter | None
    is_masked: bool = False
    truncated_to: int | None = None
    is_ambiguous: bool = False
    has_no_null: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether the values need no look."""
        return self == _PLAIN

    @property
    def is_changed_on_purpose(self) -> bool:
        """Whether Debezium changed the values."""
        return self.is_masked or self.truncated_to is not None

    def doubt(self, value: Any) -> Note | None:
        """What is not known of a value that is on the wire, because its format lost it."""
        if self.has_no_null and _is_default(value):
            return ValueNote.SUSPECT
        return ValueNote.UNDECODED if self.is_ambiguous else None


_PLAIN = ColumnPlan(convert=None)


class RowPlan:
    """
    How rows of one schema become images.

    Attributes:
        schema: The schema.
        columns: What to do with the columns that do not stay as they are.
    """

    def __init__(self, schema: ConnectSchema) -> None:
        self.schema = schema
        self.columns: Mapping[str, ColumnPlan] = {
            node.field: plan
            for node in schema.fields
            if node.field is not None and not (plan := _column_plan(node)).is_plain
        }

    @cached_property
    def defaults(self) -> Mapping[str, Any]:
        """The canonical defaults of the columns that have one."""
        return {
            node.field: settled_value(
                node.field, self.columns.get(node.field, _PLAIN), decode_exact(node.default)
            )
            for node in self.schema.fields
            if node.field is not None and isinstance(node.default, msgspec.Raw)
        }

    def row(self, raw: msgspec.Raw, unavailable: UnavailableValues | None) -> Row:
        """
        The image of a row.

        Args:
            raw: The JSON object.
            unavailable: What to look for, where columns of the row can be unavailable.

        Raises:
            TransformationError: A value is not what its schema says; the text names the column.
        """
        if not self.columns:
            return plain_row(raw, unavailable)
        image = _Image(unavailable)
        planned = self.columns.get
        for column, value in decode_members(raw).items():
            plan = planned(column)
            if plan is None and unavailable is None:
                image.columns[column] = value
            else:
                image.take(column, plan or _PLAIN, value)
        return safe_row(encode(image.columns), image.notes or None)

    def values(self, raw: Json) -> dict[str, Any]:
        """The canonical values of a row that is a key. Raises as `row` does."""
        return {
            column: settled_value(column, self.columns.get(column, _PLAIN), decode_exact(value))
            for column, value in decode_members(raw).items()
        }


class _Image:
    """An image in the making."""

    def __init__(self, unavailable: UnavailableValues | None) -> None:
        self.columns: dict[str, Any] = {}
        self.notes: dict[str, Note] = {}
        self._unavailable = unavailable

    def take(self, column: str, plan: ColumnPlan, raw: msgspec.Raw) -> None:
        """Add a column, or note why it is left out."""
        if bytes(raw) == _NULL:
            self.columns[column] = raw
            return
        value = decode_exact(raw)
        note = missing_note(value, self._unavailable, truncated_to=plan.truncated_to)
        if note is not None and note != ValueNote.SUSPECT:
            self.notes[column] = note
            return
        canonical = canonical_value(column, plan, value) if plan.convert else raw
        if type(canonical) is Suspect:
            canonical, note = canonical.value, ValueNote.SUSPECT
        self.columns[column] = canonical
        note = note or changed_on_purpose(plan, value) or plan.doubt(value)
        if note is not None:
            self.notes[column] = note


class EnvelopePlan:
    """What a value's schema says: an envelope's two rows, or one row."""

    def __init__(self, schema: ConnectSchema) -> None:
        self.schema = schema

    @cached_property
    def before(self) -> RowPlan | None:
        """The plan for an envelope's old rows."""
        node = self.schema.child("before")
        return None if node is None or node.type != "struct" else RowPlan(node)

    @cached_property
    def after(self) -> RowPlan | None:
        """The plan for an envelope's new rows."""
        node = self.schema.child("after")
        return None if node is None or node.type != "struct" else RowPlan(node)

    @cached_property
    def itself(self) -> RowPlan | None:
        """The plan for a value that is a row itself: a flattened record, or a key."""
        return RowPlan(self.schema) if self.schema.type == "struct" else None

    @cached_property
    def convert(self) -> Converter | None:
        """The conversion of a value that is no struct."""
        return converter(self.schema)


def settled_value(column: str, plan: ColumnPlan, value: Any) -> Any:
    """`value` in its canonical form, where a suspicion cannot be noted. Raises likewise."""
    canonical = canonical_value(column, plan, value)
    return canonical.value if type(canonical) is Suspect else canonical


def canonical_value(column: str, plan: ColumnPlan, value: Any) -> Any:
    """
    `value` in its canonical form, as `Suspect` where it is likely not what the source held.

    Raises:
        TransformationError: It is not what the schema says.
    """
    if value is None or plan.convert is None:
        return value
    try:
        return plan.convert(value)
    except CONVERSION_ERRORS as error:
        raise bad_value(column, error) from error


def bad_value(column: str, error: Exception) -> TransformationError:
    """The error for a value that is not what its schema says."""
    return undecodable(
        f"bad_value:{column}",
        f"the value of column {column!r} is not what its schema says ({error})",
    )


def changed_on_purpose(plan: ColumnPlan, value: Any) -> Note | None:
    """The note for a value that Debezium masked, hashed or cut, as its schema says."""
    if value is None:
        return None
    if plan.is_masked:
        is_hash = (
            type(value) is str
            and len(value) >= _FEWEST_HASH_DIGITS
            and _HEXADECIMAL.issuperset(value)
        )
        return ValueNote.HASHED if is_hash else ValueNote.MASKED
    if plan.truncated_to is not None and type(value) is str and len(value) >= plan.truncated_to:
        return ValueNote.TRUNCATED
    return None


def _column_plan(node: ConnectSchema) -> ColumnPlan:
    length = node.parameter("truncateLength")
    try:
        convert = converter(node)
    except ValueError as error:
        raise invalid("bad_schema", f"the schema of column {node.field!r}: {error}") from error
    return ColumnPlan(
        convert=convert,
        is_masked=node.parameter("masked") == "true",
        truncated_to=int(length) if length is not None and length.isdigit() else None,
        is_ambiguous=node.is_ambiguous,
        has_no_null=node.has_no_null,
    )


def _is_default(value: Any) -> bool:
    if type(value) is msgspec.Raw:
        return float(bytes(value)) == 0
    return value in _DEFAULTS

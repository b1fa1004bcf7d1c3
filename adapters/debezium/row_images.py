"""
Row images as each kind of connector writes them: rows, rows of cells, documents as text.

Where a column can be unavailable at all is decided here: a user's own text that equals the
placeholder in a column that cannot be unavailable is data.
"""

from typing import Any

import msgspec

from adapters.debezium.config import DecoderConfig
from adapters.debezium.exact_json import (
    decode_exact,
    decode_members,
    encode,
    first_byte,
    is_too_deep,
)
from adapters.debezium.extended_json import plain_document
from adapters.debezium.poison import invalid, shown
from adapters.debezium.row_plan import RowPlan
from adapters.debezium.rows import Row, plain_row, safe_row
from adapters.debezium.unavailable import UnavailableValues

_NULL = b"null"
WRITES_CELLS = frozenset({"cassandra", "yugabytedb"})
"""Connectors whose rows have a cell around each value."""

_CELL_FIELDS = frozenset({"value", "set", "deletion_ts"})


class RowImages:
    """Makes images of rows."""

    def __init__(self, config: DecoderConfig) -> None:
        self._unavailable = UnavailableValues(config.unavailable_placeholder)

    def searched(
        self, op: str, connector: str | None, *, is_old: bool, follows_key_change: bool
    ) -> UnavailableValues | None:
        """
        What to look for in a row, None if no column of it can be unavailable.

        PostgreSQL's log has all of an inserted row and of a whole old row; only an update, and
        the create that a key change becomes, leave unchanged values out.
        """
        if connector == "postgresql" and (is_old or (op != "u" and not follows_key_change)):
            return None
        return self._unavailable

    def image(
        self,
        raw: msgspec.Raw,
        plan: RowPlan | None,
        connector: str | None,
        unavailable: UnavailableValues | None,
    ) -> Row | None:
        """
        The image of a row.

        Raises:
            TransformationError: It is no row, or a value is not what its schema says.
        """
        first = first_byte(raw)
        if first == b"n":
            return None
        if first == b'"' and connector == "mongodb":
            return _document(raw)
        if first != b"{":
            raise invalid("not_a_row", f"a row must be an object, and is {shown(bytes(raw))}")
        if connector in WRITES_CELLS:
            raw = _without_cells(raw)
        return plain_row(raw, unavailable) if plan is None else plan.row(raw, unavailable)


def _document(raw: msgspec.Raw) -> Row:
    """MongoDB's documents: extended JSON in a JSON string."""
    data = msgspec.json.decode(raw, type=str).encode()
    if is_too_deep(data):
        return safe_row(data, None)
    try:
        document: Any = plain_document(decode_exact(data))
    except msgspec.ValidationError:
        return safe_row(data, None)
    except msgspec.DecodeError as error:
        raise invalid("invalid_json", f"a document is no JSON ({error}): {shown(data)}") from error
    return safe_row(encode(document), None)


def _without_cells(raw: msgspec.Raw) -> msgspec.Raw:
    """Take values out of their cells; a missing or null cell is a column that was not touched."""
    values: dict[str, msgspec.Raw] = {}
    for column, cell in decode_members(raw).items():
        if bytes(cell) == _NULL:
            continue
        members = decode_members(cell) if first_byte(cell) == b"{" else {}
        if "value" in members and members.keys() <= _CELL_FIELDS:
            values[column] = members["value"]
        else:
            values[column] = cell
    return msgspec.Raw(encode(values))

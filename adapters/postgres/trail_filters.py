"""The filters of a query as SQL: constants here, values as parameters."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from psycopg import sql

from application.trail_query import TrailQuery, bare_text, is_whole_key, json_forms
from domain.source_table import SourceTable

_EQUAL = (
    "source_name",
    "source_database",
    "source_table",
    "source_schema",
    "operation",
    "transaction_id",
    "change_user",
    "changed_column",
)

_SEPARATOR = chr(31)  # in no name

# A key of one column, whatever its name. Canonical keys have no spaces.
_ONE_COLUMN = r'^\{{"(?:[^"\\]|\\.)*":(?:{0})\}}$'


class Filter(msgspec.Struct, frozen=True):
    """
    Conditions that must all hold.

    Attributes:
        conditions: SQL over `audit_logging AS t`, each with its own parameters' names.
        parameters: Their values.
    """

    conditions: Sequence[sql.SQL]
    parameters: Mapping[str, Any]

    @property
    def where(self) -> sql.Composable:
        """All conditions, joined; TRUE without any."""
        return sql.SQL(" AND ").join(self.conditions) if self.conditions else sql.SQL("true")


def filter_of(query: TrailQuery, *, hashes: Sequence[int] | None = None) -> Filter:
    """
    Make the conditions of `query`, but for its times and its place.

    Args:
        query: The question.
        hashes: Those that its key may have, so that the index on them finds it; None where it is
            to be found otherwise.
    """
    conditions: list[sql.SQL] = []
    parameters: dict[str, Any] = {}
    for name in _EQUAL:
        if (value := getattr(query, name)) is not None:
            conditions.append(_IS[name])
            parameters[name] = str(value)
    if not query.include_redeliveries:
        conditions.append(IS_NO_REDELIVERY)
    if query.tables is not None:
        conditions.append(OF_TABLES)
        parameters["tables"] = table_names(query.tables)
    if query.record_key is not None:
        found, values = _of_key(query.record_key, hashes)
        conditions += found
        parameters |= values
    if query.column_value is not None:
        conditions.append(_HAS_VALUE)
        parameters["value_column"] = query.column_value.column
        parameters["value"] = bare_text(query.column_value.value)
    if query.text is not None:
        conditions.append(_HAS_TEXT)
        parameters["texts"] = [f"%{_escaped(text)}%" for text in json_forms(query.text)]
    return Filter(conditions, parameters)


def table_names(tables: Collection[SourceTable]) -> list[str]:
    """The tables as `OF_TABLES` compares them."""
    return [
        _SEPARATOR.join((t.source_schema or t.source_database or "", t.source_table))
        for t in tables
        if t.source_table is not None
    ]


def _of_key(key: str, hashes: Sequence[int] | None) -> tuple[Sequence[sql.SQL], Mapping[str, Any]]:
    is_whole = is_whole_key(key)
    written = {"record_key": key} if is_whole else {"record_key_pattern": _bare_key_pattern(key)}
    is_key = _IS_KEY if is_whole else _IS_BARE_KEY
    if hashes is None:
        return (is_key,), written
    if len(hashes) == 1:  # the index has the rows of a single one in the order of time
        return (is_key, _HAS_HASH), {**written, "key_hash": hashes[0]}
    return (is_key, _HAS_ONE_OF_HASHES), {**written, "key_hashes": hashes}


def _escaped(text: str) -> str:
    """The text with LIKE's own characters as themselves."""
    return re.sub(r"([\\%_])", r"\\\1", text)


def _bare_key_pattern(value: str) -> str:
    plain, quoted = re.escape(value), re.escape(msgspec.json.encode(value).decode())
    return _ONE_COLUMN.format(f"{plain}|{quoted}")


_IS = {
    "source_name": sql.SQL("t.source_name = %(source_name)s"),
    "source_database": sql.SQL("t.source_database = %(source_database)s"),
    "source_table": sql.SQL("t.source_table = %(source_table)s"),
    "source_schema": sql.SQL("t.source_schema = %(source_schema)s"),
    "operation": sql.SQL("t.operation = %(operation)s"),
    "transaction_id": sql.SQL("t.transaction_id = %(transaction_id)s"),
    "changed_column": sql.SQL("%(changed_column)s = ANY(t.changed_columns)"),
    # By the event itself, else by the context of its transaction, as in audit_trail.
    "change_user": sql.SQL("""(t.change_user = %(change_user)s
    OR (t.change_user IS NULL AND t.transaction_id IN (
        SELECT n.transaction_id FROM audit_context AS n WHERE n.change_user = %(change_user)s
    ) AND EXISTS (
        SELECT FROM audit_context_of(
            s.cluster_id, t.source_name, t.source_database, t.transaction_id, t.change_timestamp
        ) AS c WHERE c.change_user = %(change_user)s
    )))"""),
}
_HAS_VALUE = sql.SQL("""(t.new_data ->> %(value_column)s = %(value)s
    OR t.old_data ->> %(value_column)s = %(value)s)""")
_HAS_TEXT = sql.SQL("""(t.new_data::text ILIKE ANY(%(texts)s)
    OR t.old_data::text ILIKE ANY(%(texts)s) OR t.record_key ILIKE ANY(%(texts)s))""")
OF_TABLES = sql.SQL("""(coalesce(nullif(t.source_schema, ''), t.source_database, '')
    || chr(31) || t.source_table) = ANY(%(tables)s::text [])""")
_IS_KEY = sql.SQL("t.record_key = %(record_key)s")
_HAS_HASH = sql.SQL("t.key_hash = %(key_hash)s")
_HAS_ONE_OF_HASHES = sql.SQL("t.key_hash = ANY(%(key_hashes)s::bigint [])")
_IS_BARE_KEY = sql.SQL("t.record_key ~ %(record_key_pattern)s")
IS_NO_REDELIVERY = sql.SQL("""NOT EXISTS (
    SELECT FROM audit_redelivery AS r
    WHERE r.stream_id = t.stream_id AND r.kafka_partition = t.kafka_partition
        AND r.kafka_offset = t.kafka_offset AND r.certainty = 'certain'
)""")

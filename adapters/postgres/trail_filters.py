"""The filters of a query as SQL: constants here, values as parameters."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from psycopg import sql

from adapters.postgres.copy_text import timestamp_field
from application.trail_query import TrailQuery
from domain.record_key import identity_prefix, key_hash
from domain.source_table import SourceTable

_EQUAL = ("source_table", "source_schema", "operation", "transaction_id")

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


def filter_of(query: TrailQuery, *, sources: Sequence[SourceTable] = ()) -> Filter:
    """
    Make the conditions of `query`, but for its times and its place.

    Args:
        query: The question.
        sources: Every source table that the trail has met: so a whole key is found by its hash.
    """
    conditions: list[sql.SQL] = []
    parameters: dict[str, Any] = {}
    for name in _EQUAL:
        if (value := getattr(query, name)) is not None:
            conditions.append(_IS[name])
            parameters[name] = str(value)
    if not query.include_redeliveries:
        conditions.append(_IS_NO_REDELIVERY)
    if query.record_key is not None:
        whole = is_whole_key(query.record_key)
        conditions += [_IS_KEY, _HAS_HASH] if whole else [_IS_BARE_KEY]
        if whole:
            parameters["record_key"] = query.record_key
            parameters["key_hashes"] = _hashes(query, sources)
        else:
            parameters["record_key_pattern"] = _bare_key_pattern(query.record_key)
    return Filter(conditions, parameters)


def time_text(microseconds: int) -> str:
    """Write a time as PostgreSQL reads it, exactly."""
    return timestamp_field(microseconds)


def is_whole_key(record_key: str) -> bool:
    """Whether this is a canonical key (a JSON object), and not the bare value of one."""
    return record_key.startswith("{") and record_key.endswith("}")


def _hashes(query: TrailQuery, sources: Sequence[SourceTable]) -> list[int]:
    key = (query.record_key or "").encode("utf-8", "surrogatepass")
    return [
        key_hash(identity_prefix(*source), key)
        for source in sources
        if query.source_schema in (None, source.source_schema)
        and query.source_table in (None, source.source_table)
    ]


def _bare_key_pattern(value: str) -> str:
    plain, quoted = re.escape(value), re.escape(msgspec.json.encode(value).decode())
    return _ONE_COLUMN.format(f"{plain}|{quoted}")


_IS = {
    "source_table": sql.SQL("t.source_table = %(source_table)s"),
    "source_schema": sql.SQL("t.source_schema = %(source_schema)s"),
    "operation": sql.SQL("t.operation = %(operation)s"),
    "transaction_id": sql.SQL("t.transaction_id = %(transaction_id)s"),
}
_IS_KEY = sql.SQL("t.record_key = %(record_key)s")
_HAS_HASH = sql.SQL("t.key_hash = ANY(%(key_hashes)s::bigint [])")
_IS_BARE_KEY = sql.SQL("t.record_key ~ %(record_key_pattern)s")
_IS_NO_REDELIVERY = sql.SQL("""NOT EXISTS (
    SELECT FROM audit_redelivery AS r
    WHERE r.stream_id = t.stream_id AND r.kafka_partition = t.kafka_partition
        AND r.kafka_offset = t.kafka_offset AND r.certainty = 'certain'
)""")

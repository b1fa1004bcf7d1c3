"""
What is known of the types of tables whose records carry no schema.

    sourceSchema of the record  >  configuration  >  catalog of the source database

Each column takes the first that knows its type.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from adapters.debezium.column_schemas_mysql import MYSQL_WORDS, mysql_schema
from adapters.debezium.column_schemas_postgres import POSTGRES_WORDS, postgres_schema
from adapters.debezium.column_types import (
    ColumnType,
    named,
    read_type,
    types_of_source_schema,
)
from adapters.debezium.config import DecoderConfig
from adapters.debezium.connect_schema import ConnectSchema
from adapters.debezium.exact_json import decode_exact
from adapters.debezium.source_block import SourceBlock, source_names
from adapters.debezium.typed_rows import TypedPlan, TypedRowPlan

ColumnTypes = Mapping[str, Mapping[str, str]]
"""
Table to column to type, as the database writes types.

Tables are named ``schema.table``, where there are no schemas ``database.table``; the name that
also has the database in front goes before.
"""

WORDS: Sequence[str] = sorted({*POSTGRES_WORDS, *MYSQL_WORDS})
"""Types that are known of either database."""

_SCHEMAS = {
    "postgresql": postgres_schema,
    "yugabytedb": postgres_schema,
    "mysql": mysql_schema,
    "mariadb": mysql_schema,
}
_MOST_PLANS = 1000
_Key = tuple[str | None, str | None, str | None, str | None, bytes]


class TableTypes:
    """
    Gives plans for rows of tables.

    Args:
        config: The connector's modes.
        configured: Types that the configuration names.
    """

    def __init__(self, config: DecoderConfig, configured: ColumnTypes) -> None:
        self._config = config
        self._configured = configured
        self._learned: ColumnTypes = {}
        self._plans: dict[_Key, TypedPlan | None] = {}

    def learn(self, learned: ColumnTypes) -> None:
        """Take what the catalog says now, in place of what it said before."""
        if learned != self._learned:
            self._learned, self._plans = learned, {}

    def plan(self, source: SourceBlock, told: msgspec.Raw | None = None) -> TypedPlan | None:
        """
        The plan for rows of a table; None where nothing is known of it.

        Args:
            source: The source block of the record.
            told: Its ``sourceSchema``.
        """
        if source.connector not in _SCHEMAS or not (told or self._configured or self._learned):
            return None
        key = (source.connector, *source_names(source), b"" if told is None else bytes(told))
        if key not in self._plans:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            self._plans[key] = self._new_plan(source, told)
        return self._plans[key]

    def _new_plan(self, source: SourceBlock, told: msgspec.Raw | None) -> TypedPlan | None:
        nodes: dict[str, ConnectSchema] = {}
        for types in (self._learned, self._configured):
            for name in _names(source):
                nodes |= self._nodes(source, _read(types.get(name, {})))
        if told is not None:
            nodes |= self._nodes(source, types_of_source_schema(decode_exact(told)).items())
        return TypedPlan(TypedRowPlan(named(nodes))) if nodes else None

    def _nodes(
        self, source: SourceBlock, types: Iterable[tuple[str, ColumnType]]
    ) -> dict[str, ConnectSchema]:
        schema_of = _SCHEMAS[source.connector or ""]
        nodes = ((column, schema_of(kind, self._config)) for column, kind in types)
        return {column: node for column, node in nodes if node is not None}


def is_known_type(text: str) -> bool:
    """Whether one of the databases has a known type that is written so."""
    kind, config = read_type(text), DecoderConfig()
    if kind is None:
        return False
    return any(schema(kind, config) is not None for schema in (postgres_schema, mysql_schema))


def _names(source: SourceBlock) -> Sequence[str]:
    """The names that the table goes by; the last one wins."""
    database, schema, table = source_names(source)
    if table is None:
        return ()
    bare = f"{schema or database}.{table}"
    return (bare,) if schema is None else (bare, f"{database}.{bare}")


def _read(types: Mapping[str, str]) -> Iterable[tuple[str, ColumnType]]:
    for column, text in types.items():
        kind = read_type(text)
        if kind is not None:
            yield column, kind

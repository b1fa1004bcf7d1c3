"""
What is known of the types of tables whose records carry no schema.

    sourceSchema of the record  >  configuration  >  catalog of the source database

Each column takes the first that knows its type. What the catalog says is not used for rows that
were written before the transaction that made it so.
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
from adapters.debezium.source_block import SourceBlock, source_names, source_time
from adapters.debezium.typed_rows import TypedPlan, TypedRowPlan
from domain.source_types import SourceTypes

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
_Change = tuple[int | None, int | None]
"""When the type of a column changed: the transaction, and the second since 1970."""

_Key = tuple[str | None, str | None, str | None, str | None, bytes, tuple[_Change, ...]]
_TRANSACTIONS = 2**32
"""PostgreSQL numbers them in so many numbers, and begins anew."""


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
        self._learned: SourceTypes = {}
        self._changes: Mapping[str, Sequence[_Change]] = {}
        self._plans: dict[_Key, TypedPlan | None] = {}

    @property
    def are_unknown(self) -> bool:
        """Whether nothing is known of any table."""
        return not self._configured and not self._learned

    def learn(self, learned: SourceTypes) -> None:
        """Take what the catalog says now, in place of what it said before."""
        if learned == self._learned:
            return
        self._learned, self._plans = learned, {}
        self._changes = {
            table: tuple({(kind.since, kind.changed_at) for kind in columns.values()})
            for table, columns in learned.items()
        }

    def plan(self, source: SourceBlock, told: msgspec.Raw | None = None) -> TypedPlan | None:
        """
        The plan for rows of a table; None where nothing is known of it.

        Args:
            source: The source block of the record.
            told: Its ``sourceSchema``.
        """
        if source.connector not in _SCHEMAS or not (told or self._configured or self._learned):
            return None
        later = self._later_changes(source) if self._learned else ()
        own = b"" if told is None else bytes(told)
        key = (source.connector, *source_names(source), own, later)
        if key not in self._plans:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            self._plans[key] = self._new_plan(source, told, later)
        return self._plans[key]

    def _later_changes(self, source: SourceBlock) -> tuple[_Change, ...]:
        """The changes of types after the row was written."""
        changes = (self._changes.get(name, ()) for name in _names(source))
        return tuple(change for table in changes for change in table if _is_later(change, source))

    def _new_plan(
        self, source: SourceBlock, told: msgspec.Raw | None, later: Sequence[_Change]
    ) -> TypedPlan | None:
        nodes: dict[str, ConnectSchema] = {}
        for name in _names(source):
            columns = self._learned.get(name, {}).items()
            known = {
                column: kind.text
                for column, kind in columns
                if (kind.since, kind.changed_at) not in later
            }
            nodes |= self._nodes(source, _read(known))
        for name in _names(source):
            nodes |= self._nodes(source, _read(self._configured.get(name, {})))
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


def _is_later(change: _Change, source: SourceBlock) -> bool:
    """Whether the row was written before `change`, as far as its source block tells."""
    transaction, second = change
    own = source.tx_id
    if transaction is not None and type(own) is int:
        return 0 < (transaction - own) % _TRANSACTIONS < _TRANSACTIONS // 2
    if second is None:
        return False
    written = source_time(source)
    return written is None or written < (second + 1) * 1_000_000


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

"""Source tables, as the trail names them, and which of their columns it has met."""

from collections.abc import Mapping
from typing import NamedTuple


class SourceTable(NamedTuple):
    """
    Whose rows a change is about; None for what a record does not say.

    Attributes:
        connector: Kind of connector.
        source_name: Debezium's topic prefix.
        source_database: Database of the table.
        source_schema: Schema of the table.
        source_table: Bare name of the table.
    """

    connector: str | None = None
    source_name: str | None = None
    source_database: str | None = None
    source_schema: str | None = None
    source_table: str | None = None

    @property
    def full_name(self) -> str:
        """``schema.table``, or the bare name where the source has no schemas."""
        table = self.source_table or "?"
        return table if self.source_schema is None else f"{self.source_schema}.{table}"

    @property
    def rule_schema(self) -> str | None:
        """The schema that rules know it by: where there are none, its database is as good."""
        return self.source_schema or self.source_database


SourceColumns = Mapping[SourceTable, frozenset[str]]
"""Source tables that were met, each with columns that rows of it had: not always all of them."""

"""How pages are asked for a row or a table: by names in the address, as people write them."""

from collections.abc import Mapping

from application.find_row import RowName
from domain.row_identity import RowIdentity
from domain.source_table import SourceTable
from entrypoints.http.api_parameters import read_table
from entrypoints.http.api_problems import NOT_FOUND
from entrypoints.http.api_structs import Problem
from entrypoints.http.page_links import row_url
from entrypoints.http.page_values import read_key, visible

NAMES = ("table", "key", "source", "database")
"""Parameters that name a row, or without a key a table."""


def row_name(given: Mapping[str, str]) -> RowName:
    """The row that is meant; a table, where there is no key."""
    schema, table = read_table(given.get("table", ""))
    return RowName(
        record_key=given.get("key", ""),
        source_table=table,
        source_schema=schema,
        source_database=given.get("database") or None,
        source_name=given.get("source") or None,
    )


def named(row: RowIdentity) -> Mapping[str, str | None]:
    """A row for people, and its page."""
    return {
        **named_table(row.source),
        "key": read_key(row.record_key),
        "url": row_url(row),
    }


def named_table(source: SourceTable) -> Mapping[str, str | None]:
    """A table for people."""
    place = " / ".join(filter(None, (source.connector, source.source_name, source.source_database)))
    return {"table": visible(source.full_name), "source": visible(place)}


def no_such_row(name: RowName) -> Problem:
    """Nothing is known of a row of that name."""
    table = visible(name.source_table or "any table")
    return Problem(
        title="Not found",
        status=NOT_FOUND,
        detail=f"the trail has no change of a row with the key {visible(name.record_key[:100])} "
        f'in {table[:100]}. Write the key as its bare value, or as JSON: {{"id": 42}}.',
    )

"""How pages are asked for a row or a table: by names in the address, as people write them."""

from collections.abc import Collection, Mapping

from starlette.requests import Request

from application.find_row import RowName
from domain.row_identity import RowIdentity
from domain.source_table import SourceTable
from entrypoints.http.api_parameters import BadParameterError, read_table
from entrypoints.http.api_problems import NOT_FOUND
from entrypoints.http.api_structs import Problem
from entrypoints.http.page_links import row_url
from entrypoints.http.page_values import read_key, visible

NAMES = ("table", "key", "source", "database")
"""Parameters that name a row, or without a key a table."""


def given_of(
    request: Request, *, besides: Collection[str], stripped: Collection[str]
) -> dict[str, str]:
    """
    The parameters of a request.

    Args:
        request: The request.
        besides: What is allowed, besides the names of a row.
        stripped: What is read without the white space around it.

    Raises:
        BadParameterError: There is an unknown one, or NUL in one.
    """
    known = (*NAMES, *besides)
    given: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in known:
            raise BadParameterError(name, f"is unknown. Known are {', '.join(known)}.")
        if "\0" in value:
            raise BadParameterError(name, "must be without NUL.")
        given[name] = value.strip() if name in stripped else value
    return given


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

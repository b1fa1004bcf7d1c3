"""Links of the page: more changes of the same table, the row, the transaction."""

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from application.trail_query import StoredRecord
from domain.audit_record import AuditRecord
from domain.row_identity import RowIdentity, row_of
from domain.source_table import SourceTable
from domain.transaction_identity import TransactionIdentity
from entrypoints.http.api_parameters import Filters
from entrypoints.http.page_times import iso

_LONGEST_KEY_IN_URL = 2_000
_TO_QUOTE = re.compile(r'[."]|^\s|\s$|^$')


def table_name(r: AuditRecord) -> str | None:
    """The table as people write it; None if the record does not say."""
    if r.source_table is None:
        return None
    return r.source_table if r.source_schema is None else f"{r.source_schema}.{r.source_table}"


def table_url(r: AuditRecord) -> str | None:
    """All changes of the same table; None if the record does not name it."""
    table = table_filter(r.source_schema, r.source_table)
    return None if table is None else link(table=table)


def key_url(r: AuditRecord) -> str | None:
    """The row's page; None without a key, or with one too long for an address."""
    row = row_of(r)
    return None if row is None or r.source_table is None else row_url(row)


def row_url(row: RowIdentity, **more: str) -> str | None:
    """The page of a row; None if its key is too long for an address."""
    if len(row.record_key) > _LONGEST_KEY_IN_URL:
        return None
    return f"/rows?{urlencode({**row_fields(row), **more})}"


def diff_url(names: Mapping[str, str], **more: str) -> str | None:
    """The page that compares two times of a row, or of a table; None if it would be too long."""
    if len(names.get("key", "")) > _LONGEST_KEY_IN_URL:
        return None
    return url("/diff", {**names, **{name: text for name, text in more.items() if text}})


def table_fields(source: SourceTable) -> Mapping[str, str]:
    """What names a table in an address."""
    fields = {
        "table": table_filter(source.source_schema, source.source_table),
        "source": source.source_name,
        "database": source.source_database,
    }
    return {name: text for name, text in fields.items() if text}


def row_fields(row: RowIdentity) -> Mapping[str, str]:
    """What names a row in an address."""
    fields = table_fields(row.source)
    named = {"table": fields.get("table", ""), "key": row.record_key, **fields}
    return {name: text for name, text in named.items() if text}


def transaction_url(identity: TransactionIdentity, at: int) -> str:
    """The page of a transaction."""
    return _transaction(identity.transaction_id, identity.source_name, at)


def transaction_of_url(stored: StoredRecord) -> str | None:
    """The page of the transaction of a change; None if it names none."""
    r = stored.record
    if r.transaction_id is None:
        return None
    return _transaction(r.transaction_id, r.source_name, r.change_timestamp)


def link(*, table: str | None = None, key: str = "", transaction: str = "", user: str = "") -> str:
    """The list of changes with these filters."""
    filters = Filters(table=table or "", key=key, transaction=transaction, user=user)
    return url("/", filters.used())


def source_url(source: SourceTable, **more: str) -> str | None:
    """All changes of a table; None if it has no name."""
    table = table_filter(source.source_schema, source.source_table)
    return None if table is None else url("/search", {"table": table, **more})


def url(path: str, parameters: Mapping[str, str]) -> str:
    """An address."""
    return f"{path}?{urlencode(parameters)}" if parameters else path


def table_filter(schema: str | None, table: str | None) -> str | None:
    """The table as the filter reads it: names with a dot in them are quoted."""
    if table is None:
        return None
    return ".".join(_quoted(name) for name in (schema, table) if name is not None)


def _transaction(number: str, source: str | None, at: int) -> str:
    fields = {"id": number, "source": source or "", "at": iso(at)}
    return url("/transactions", {name: text for name, text in fields.items() if text})


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"' if _TO_QUOTE.search(name) else name

"""Links of the page: more changes of the same table, row or transaction."""

import re
from urllib.parse import urlencode

from domain.audit_record import AuditRecord
from entrypoints.http.api_parameters import Filters

_LONGEST_KEY_IN_URL = 2_000
_TO_QUOTE = re.compile(r'[."]|^\s|\s$|^$')


def table_name(r: AuditRecord) -> str | None:
    """The table as people write it; None if the record does not say."""
    if r.source_table is None:
        return None
    return r.source_table if r.source_schema is None else f"{r.source_schema}.{r.source_table}"


def table_url(r: AuditRecord) -> str | None:
    """All changes of the same table; None if the record does not name it."""
    table = _table_filter(r)
    return None if table is None else link(table=table)


def key_url(r: AuditRecord) -> str | None:
    """All changes of the same row; None without a key, or with one too long for an address."""
    table = _table_filter(r)
    if table is None or r.record_key is None or len(r.record_key) > _LONGEST_KEY_IN_URL:
        return None
    return link(table=table, key=r.record_key)


def link(*, table: str | None = None, key: str = "", transaction: str = "") -> str:
    """The list of changes with these filters."""
    filters = Filters(table=table or "", key=key, transaction=transaction)
    return f"/?{urlencode(filters.used())}"


def _table_filter(r: AuditRecord) -> str | None:
    """The table as the filter reads it: names with a dot in them are quoted."""
    if r.source_table is None:
        return None
    names = (r.source_schema, r.source_table)
    return ".".join(_quoted(name) for name in names if name is not None)


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"' if _TO_QUOTE.search(name) else name

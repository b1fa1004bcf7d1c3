"""Links of the page: more changes of the same table, row or transaction."""

from urllib.parse import urlencode

from domain.audit_record import AuditRecord
from entrypoints.http.api_parameters import Filters

_LONGEST_KEY_IN_URL = 2_000


def table_name(r: AuditRecord) -> str | None:
    """The table as people write it; None if the record does not say."""
    if r.source_table is None:
        return None
    return r.source_table if r.source_schema is None else f"{r.source_schema}.{r.source_table}"


def table_url(r: AuditRecord) -> str | None:
    """All changes of the same table; None if the record does not name it."""
    table = table_name(r)
    return None if table is None else link(table=table)


def key_url(r: AuditRecord) -> str | None:
    """All changes of the same row; None without a key, or with one too long for an address."""
    table = table_name(r)
    if table is None or r.record_key is None or len(r.record_key) > _LONGEST_KEY_IN_URL:
        return None
    return link(table=table, key=r.record_key)


def link(*, table: str | None = None, key: str = "", transaction: str = "") -> str:
    """The list of changes with these filters."""
    filters = Filters(table=table or "", key=key, transaction=transaction)
    return f"/?{urlencode(filters.used())}"

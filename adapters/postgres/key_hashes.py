"""
The hashes that a key may have, over the tables and columns that the trail has met.

    {"id":42}   ──▶ one hash for each table that the query lets through
    42          ──▶ {"id":42}, {"id":"42"}, {"note":42}, ... of each of them

The index on keys is one of hashes, which cover the table too. Of the bare value of a key of one
column every column that a table has may be meant.
"""

from collections.abc import Iterator

from application.trail_query import TrailQuery, is_whole_key
from domain.json_text import written
from domain.record_key import identity_prefix, key_hash
from domain.source_table import SourceColumns, SourceTable

MOST_HASHES = 2_000
"""Each is looked up in every partition: looking through the newest rows takes less beyond."""


def hashes_of(query: TrailQuery, sources: SourceColumns) -> list[int] | None:
    """
    The hashes of the query's key.

    Args:
        query: A question with a key.
        sources: Every source table that the trail has met.

    Returns:
        None where the key is a bare value, and there are too many columns that it may be of.
    """
    key = query.record_key or ""
    wanted = {source: columns for source, columns in sources.items() if _fits(source, query)}
    if is_whole_key(key):
        return [_hash(identity_prefix(*source), key) for source in wanted]
    if 2 * sum(map(len, wanted.values())) > MOST_HASHES:
        return None
    return [
        _hash(prefix, whole)
        for source, columns in wanted.items()
        for prefix in (identity_prefix(*source),)
        for whole in _whole_keys(columns, key)
    ]


def _whole_keys(columns: frozenset[str], value: str) -> Iterator[str]:
    """The canonical keys of one column whose value may be written so: as it is, or as a text."""
    quoted = written(value)
    for column in columns:
        name = written(column)
        yield f"{{{name}:{value}}}"
        yield f"{{{name}:{quoted}}}"


def _hash(prefix: bytes, key: str) -> int:
    return key_hash(prefix, key.encode("utf-8", "surrogatepass"))


def _fits(source: SourceTable, query: TrailQuery) -> bool:
    return (
        query.source_schema in (None, source.source_schema)
        and query.source_table in (None, source.source_table)
        and query.source_database in (None, source.source_database)
        and query.source_name in (None, source.source_name)
    )

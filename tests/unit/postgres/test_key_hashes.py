"""The hashes that a key may have: one for each table, and column, that may be meant."""

from adapters.postgres.key_hashes import MOST_HASHES, hashes_of
from application.trail_query import TrailQuery
from domain.row_identity import RowIdentity
from domain.source_table import SourceTable

ORDERS = SourceTable("postgresql", "shop", "shop", "public", "orders")
PEOPLE = ORDERS._replace(source_table="people")
SOURCES = {ORDERS: frozenset({"id", "note"}), PEOPLE: frozenset({"id"})}


def hashed(source: SourceTable, *keys: str) -> set[int]:
    """The hashes of keys of a table."""
    return {RowIdentity(source, key).key_hash for key in keys}


def test_a_whole_key_has_one_hash_in_each_table_that_may_be_meant() -> None:
    everywhere = hashes_of(TrailQuery(record_key='{"id":1}'), SOURCES)
    of_people = hashes_of(TrailQuery(record_key='{"id":1}', source_table="people"), SOURCES)

    assert set(everywhere or ()) == hashed(ORDERS, '{"id":1}') | hashed(PEOPLE, '{"id":1}')
    assert set(of_people or ()) == hashed(PEOPLE, '{"id":1}')


def test_a_bare_value_may_be_a_number_or_a_text_of_every_column() -> None:
    found = hashes_of(TrailQuery(record_key="1", source_table="orders"), SOURCES)

    keys = ('{"id":1}', '{"id":"1"}', '{"note":1}', '{"note":"1"}')
    assert set(found or ()) == hashed(ORDERS, *keys)


def test_a_bare_value_of_too_many_columns_has_none_and_a_whole_key_always_has() -> None:
    wide = {ORDERS: frozenset(f"column_{n}" for n in range(MOST_HASHES))}

    assert hashes_of(TrailQuery(record_key="1"), wide) is None
    assert hashes_of(TrailQuery(record_key='{"column_1":1}'), wide) is not None
    assert hashes_of(TrailQuery(record_key="1", source_table="people"), wide) == []

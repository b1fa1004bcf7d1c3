"""Source tables by name."""

import pytest

from domain.source_table import SourceTable


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (SourceTable(source_schema="public", source_table="orders"), "public.orders"),
        (SourceTable(source_database="shop", source_table="orders"), "orders"),
        (SourceTable(source_schema="", source_table="orders"), ".orders"),
        (SourceTable(source_schema="public"), "public.?"),
        (SourceTable(), "?"),
    ],
)
def test_the_full_name_has_the_schema_where_there_is_one(table: SourceTable, expected: str) -> None:
    assert table.full_name == expected


def test_tables_of_equal_names_are_one_table() -> None:
    names = ("postgresql", "shop", "shop", "public", "orders")

    assert {SourceTable(*names): 1}[SourceTable(*names)] == 1
    assert len({SourceTable(*names), SourceTable(*names[:-1]), SourceTable()}) == 3

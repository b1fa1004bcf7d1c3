"""
Settings of single tables of the source.

    [tables."public.orders".types] ──▶ column_types ──▶ decoder

They hold for records that carry no schema; see `adapters.debezium.table_types`.
"""

from collections.abc import Mapping

import msgspec

from adapters.debezium.table_types import WORDS, ColumnTypes, is_known_type
from domain.errors import ConfigurationError


class TableConfig(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """
    What is said of one table.

    Attributes:
        types: Column to type, as the database writes it; a domain as the type under it, an enum
            as ``enum``.
    """

    types: dict[str, str] = {}


def check_tables(tables: Mapping[str, TableConfig]) -> None:
    """
    Check the types of columns.

    Raises:
        ConfigurationError: One is not known; the text lists those that are.
    """
    for table, config in tables.items():
        for column, text in config.types.items():
            if not is_known_type(text):
                raise ConfigurationError(
                    f"tables.{table}.types.{column}",
                    f"{text!r} is not a type that is known. Known are {', '.join(WORDS)}; with "
                    f"length and scale where they have some, as numeric(10,2), and with [] for "
                    f"arrays.",
                )


def column_types(tables: Mapping[str, TableConfig]) -> ColumnTypes:
    """Give the types of all tables, as the decoder takes them."""
    return {table: config.types for table, config in tables.items()}

"""Types of columns as the source's catalog tells them."""

from collections.abc import Mapping
from typing import NamedTuple


class SourceType(NamedTuple):
    """
    A column's type.

    Attributes:
        text: As the database writes it; a domain as the type under it, an enum as ``enum``.
        since: The transaction that made it so, where the database tells; then the type of a row
            that an earlier one wrote is not known.
        changed_at: The second since 1970 in which the table was made what it is, where the
            database tells that; then the type of a row from before its end is not known.
    """

    text: str
    since: int | None = None
    changed_at: int | None = None


SourceTypes = Mapping[str, Mapping[str, SourceType]]
"""
Table to column to type. Tables are named ``database.schema.table``, where there are no schemas
``database.table``.
"""

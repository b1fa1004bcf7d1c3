"""A source's catalog in memory: there, or away."""

from domain.errors import ConnectionError  # noqa: A004 - the documented name
from domain.source_types import SourceType, SourceTypes


class MemoryColumnTypeCatalog:
    """
    Tells the types that it was told.

    Attributes:
        tables: What the source has; a test may add to it.
        available: Set it to False, and it cannot be asked.
        asked: How often it was asked.
    """

    def __init__(self, tables: SourceTypes | None = None) -> None:
        self.tables: dict[str, dict[str, SourceType]] = {
            table: dict(columns) for table, columns in (tables or {}).items()
        }
        self.available = True
        self.asked = 0

    async def types(self) -> SourceTypes:
        self.asked += 1
        if not self.available:
            raise ConnectionError("the in-memory catalog is away. Set `available`.")
        return {table: dict(columns) for table, columns in self.tables.items()}

# What exports need of pyarrow.parquet.
from io import RawIOBase
from typing import IO

from pyarrow import Schema, Table

class ParquetWriter:
    def __init__(
        self, where: IO[bytes] | RawIOBase, schema: Schema, *, compression: str = "snappy"
    ) -> None: ...
    def write_table(self, table: Table) -> None: ...
    def close(self) -> None: ...

class ParquetFile:
    num_row_groups: int
    def __init__(self, source: IO[bytes]) -> None: ...

def read_table(source: IO[bytes]) -> Table: ...

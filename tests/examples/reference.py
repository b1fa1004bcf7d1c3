"""The examples of the reference, a message for them, and what they left in the database."""

from pathlib import Path
from typing import Any

import psycopg

from entrypoints.library import AppConfig
from tests.examples.code_blocks import examples_of

REFERENCE = Path(__file__).parents[2] / "docs" / "api-reference.md"
EXAMPLES = {example.title: example for example in examples_of(REFERENCE)}

ENVELOPE = {
    "op": "u",
    "before": {"id": 1, "name": "Ada", "password": "old"},
    "after": {"id": 1, "name": "Ada Lovelace", "password": "new"},
    "source": {
        "connector": "postgresql",
        "name": "shop",
        "db": "shop",
        "schema": "public",
        "table": "people",
        "ts_ms": 1_700_000_000_000,
        "lsn": 24_023_128,
        "txId": 771,
        "snapshot": "false",
    },
    "ts_ms": 1_700_000_000_100,
}


def rows_of(config: AppConfig, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(config.sink_database.conninfo) as connection:
        return connection.execute(query.encode()).fetchall()

"""What PostgreSQL's own catalog tells of types, and what the decoder makes of it."""

import json
from collections.abc import Generator, Sequence

import psycopg
import pytest

from adapters.debezium.decoder import DebeziumDecoder
from adapters.postgres.column_type_catalog import PostgresColumnTypeCatalog
from adapters.postgres.config import DatabaseConfig
from domain.audit_record import AuditRecord
from domain.source_types import SourceType, SourceTypes
from tests.servers.postgres import scratch_database
from tests.unit.debezium.recordings import RECORDED, TWINS, recording

pytestmark = pytest.mark.postgres


@pytest.fixture
def source() -> Generator[DatabaseConfig]:
    with scratch_database(migrated=False) as config:
        yield config


def executed(source: DatabaseConfig, *statements: str) -> int:
    """Execute in one transaction, and tell its number."""
    with psycopg.connect(source.conninfo) as connection:
        for statement in statements:
            connection.execute(statement.encode())
        row = connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
    assert row is not None
    return int(row[0])


async def told(source: DatabaseConfig) -> SourceTypes:
    return await PostgresColumnTypeCatalog(source).types()


def decoded(name: str, types: SourceTypes) -> Sequence[tuple[str | None, ...]]:
    decoder = DebeziumDecoder()
    decoder.learn(types)
    results = [decoder.decode(record, 1) for record in recording(name)]
    return [
        (r.record_key, r.old_data, r.new_data, r.value_notes)
        for r in results
        if isinstance(r, AuditRecord)
    ]


async def test_a_recording_without_schemas_is_decoded_as_its_twin_with_schemas(
    source: DatabaseConfig,
) -> None:
    name = "04-pg-types-default"
    setup = json.loads((RECORDED / f"{name}.truth.json").read_text("utf-8"))["setup"]
    executed(source, *(statement for statement in setup.split(";") if statement.strip()))
    types = {
        table.replace(source.database, "s04", 1): {
            column: SourceType(kind.text) for column, kind in columns.items()
        }
        for table, columns in (await told(source)).items()
    }

    without = decoded(name, types)

    assert without == decoded(TWINS[name], {})
    assert len(without) == 10


async def test_a_type_tells_the_transaction_that_made_it_so(source: DatabaseConfig) -> None:
    created = executed(source, "CREATE TABLE t (a numeric(10,2), b int)")
    altered = executed(source, "ALTER TABLE t ALTER COLUMN a TYPE numeric(10,4)")

    types = await told(source)

    assert types[f"{source.database}.public.t"] == {
        "a": SourceType("numeric(10,4)", altered % 2**32),
        "b": SourceType("integer", created % 2**32),
    }


async def test_a_domain_is_the_type_under_it_with_its_own_length(source: DatabaseConfig) -> None:
    executed(
        source,
        "CREATE DOMAIN price AS numeric(10,3)",
        "CREATE DOMAIN net_price AS price",
        "CREATE TABLE t (a net_price)",
    )

    types = await told(source)

    assert types[f"{source.database}.public.t"]["a"].text == "numeric(10,3)"


async def test_a_type_that_somebody_made_is_not_taken_for_a_known_one(
    source: DatabaseConfig,
) -> None:
    executed(
        source,
        "CREATE SCHEMA other",
        "CREATE TYPE other.date AS (a int)",
        "CREATE DOMAIN dom AS int",
        "CREATE TYPE mood AS ENUM ('sad')",
        "CREATE TABLE t (a other.date, b dom[], c mood, d mood[])",
    )

    types = await told(source)

    columns = {name: kind.text for name, kind in types[f"{source.database}.public.t"].items()}
    assert columns == {"c": "enum", "d": "enum[]"}


async def test_tables_that_are_the_databases_own_are_left_out(source: DatabaseConfig) -> None:
    executed(source, "CREATE VIEW v AS SELECT 1 AS a", "CREATE TABLE gone (a int)")
    executed(source, "ALTER TABLE gone DROP COLUMN a")

    assert await told(source) == {}

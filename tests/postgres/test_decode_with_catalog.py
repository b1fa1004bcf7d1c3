"""`cdc-audit decode` with a source database: types that no record tells come from its catalog."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from adapters.postgres.config import DatabaseConfig
from tests.servers.postgres import scratch_database
from tests.unit.debezium.records import TOPIC, a_source, an_envelope
from tests.unit.entrypoints.decode_runs import DecodeRuns

pytestmark = pytest.mark.postgres

SOURCE = "CDC_AUDIT_SOURCE_DATABASE"


@pytest.fixture
def source() -> Iterator[DatabaseConfig]:
    """Give a source with a table."""
    with scratch_database(migrated=False) as config:
        with psycopg.connect(config.conninfo) as connection:
            connection.execute("CREATE TABLE customers (id int, total numeric(10,2), due date)")
        yield config


@pytest.fixture
def runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> DecodeRuns:
    monkeypatch.chdir(tmp_path)
    return DecodeRuns(tmp_path, capsys)


def a_line(database: str) -> dict[str, object]:
    """A record without schema, of a transaction that is yet to come."""
    row = {"id": 1, "total": "bg==", "due": 20000}
    envelope = an_envelope("c", after=row, source=a_source(db=database, txId=2**31 - 1))
    return {"topic": TOPIC, "value": json.dumps(envelope)}


def test_a_record_without_schema_is_decoded_by_the_catalogs_types(
    source: DatabaseConfig, runs: DecodeRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = a_line(source.database)
    _, (plain,) = runs.decode([line])
    for name in ("host", "port", "username", "password", "database"):
        monkeypatch.setenv(f"{SOURCE}_{name.upper()}", str(getattr(source, name)))

    status, (first, second) = runs.decode([line, line])

    assert (status, first["new"], "undecoded" in first) == (
        0,
        {"id": 1, "total": "1.10", "due": "2024-10-04"},
        False,
    )
    assert second["new"] == first["new"]
    assert plain["new"] == {"id": 1, "total": "bg==", "due": 20000}


def test_a_source_that_is_away_leaves_values_as_they_came(
    runs: DecodeRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{SOURCE}_HOST", "127.0.0.1")
    monkeypatch.setenv(f"{SOURCE}_PORT", "1")

    status, (printed, _) = runs.decode([a_line("inventory")] * 2)

    assert (status, printed["new"]) == (0, {"id": 1, "total": "bg==", "due": 20000})
    assert runs.errors.startswith("cdc-audit: types of columns are not known: ")
    assert runs.errors.count("\n") == 1  # it is asked once

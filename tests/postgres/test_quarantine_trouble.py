"""`cdc-audit quarantine` while Kafka is away: what needs it says so, and what was done is told."""

import asyncio
import json
from pathlib import Path

import msgspec
import pytest

from adapters.postgres.config import DatabaseConfig
from domain.quarantine import QuarantinedRecord, withheld
from entrypoints.cli import main
from tests.builders import a_batch, a_consumed_batch, a_quarantined_record
from tests.e2e.messages import a_change
from tests.postgres.trails import a_store, claim, rows

pytestmark = pytest.mark.postgres

MENDED = a_change("c", 1)


def quarantine(config: DatabaseConfig, *bad: QuarantinedRecord) -> None:
    async def store() -> None:
        async with a_store(config) as store:
            stream_id = await claim(store)
            records = [msgspec.structs.replace(one, stream_id=stream_id) for one in bad]
            batch = a_batch(await store.encoder(), quarantined=records)
            await store.append(batch, a_consumed_batch(batch))

    asyncio.run(store())


def test_a_record_that_needs_kafka_ends_a_retry_and_the_others_are_told(
    trail_database: DatabaseConfig,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CDC_AUDIT_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    for field in ("host", "port", "username", "password", "database"):
        value = str(getattr(trail_database, field))
        monkeypatch.setenv(f"CDC_AUDIT_SINK_DATABASE_{field.upper()}", value)
    with_bytes = a_quarantined_record(0, key=MENDED.key, value=MENDED.value)
    without = withheld(a_quarantined_record(1))
    quarantine(trail_database, with_bytes, without)

    status = main(["quarantine", "retry", "--all", "--json"])

    said = capsys.readouterr()
    assert status == 1
    assert "Kafka at 127.0.0.1:1 does not answer" in said.err
    assert [r["outcome"] for r in json.loads(said.out)["retries"]] == ["placed"]
    standing = "SELECT audited, quarantined FROM kafka_offset WHERE next_offset > 0"
    assert rows(trail_database, standing) == [(1, 1)]
    assert rows(trail_database, "SELECT max(retry_count) FROM processing_error") == [(0,)]

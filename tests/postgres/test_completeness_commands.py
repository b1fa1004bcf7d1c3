"""`cdc-audit verify completeness`: what it says, its statuses, and the gaps that it records."""

import asyncio

import msgspec
import pytest

from adapters.memory.completeness import MemoryEndedTransactions
from adapters.memory.gap_ledger import MemoryGapLedger
from adapters.memory.trail import MemoryTrail
from adapters.postgres.config import DatabaseConfig
from entrypoints.cli import main
from tests.contract.test_ended_transactions import Opened, a_change, boundaries, write
from tests.postgres.trails import a_store, rows

pytestmark = pytest.mark.postgres

VERIFY = ["verify", "completeness", "--offline"]


@pytest.fixture
def lacking(trail_database: DatabaseConfig, monkeypatch: pytest.MonkeyPatch) -> DatabaseConfig:
    """Give a trail with a transaction that lacks a change, and one that does not."""
    for field in ("host", "port", "username", "password", "database"):
        value = str(getattr(trail_database, field))
        monkeypatch.setenv(f"CDC_AUDIT_SINK_DATABASE_{field.upper()}", value)

    async def fill() -> None:
        unused = MemoryTrail()
        async with a_store(trail_database) as store:
            await write(
                Opened(store, MemoryEndedTransactions(unused), MemoryGapLedger(unused)),
                [a_change(0, 7, 1), a_change(1, 7, 3), a_change(2, 8, 1)],
                [*boundaries(0, 7, 3), *boundaries(2, 8, 1)],
            )

    asyncio.run(fill())
    return trail_database


def let_it_be_old(config: DatabaseConfig) -> None:
    """Put what was stored an hour back, as if it had been: behind the trail's own guard."""
    rows(
        config,
        "SET session_replication_role = replica;"
        "ALTER TABLE control_message DISABLE TRIGGER audit_refuse_change;"
        "UPDATE control_message SET recorded_at = recorded_at - interval '1 hour';"
        "ALTER TABLE control_message ENABLE ALWAYS TRIGGER audit_refuse_change",
    )


def gaps(config: DatabaseConfig) -> list[tuple[object, ...]]:
    return list(rows(config, "SELECT kind, cause, first_offset FROM audit_gap"))


def test_what_ended_just_now_is_pending(
    lacking: DatabaseConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(VERIFY)

    said = capsys.readouterr().out
    assert status == 0
    assert "it ended just now" in said
    assert said.endswith("1 complete, 1 pending, 0 missing, 0 unknown\n")
    assert gaps(lacking) == []


def test_what_is_missing_is_named_and_recorded_unless_that_is_not_wanted(
    lacking: DatabaseConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    let_it_be_old(lacking)

    dry = main([*VERIFY, "--dry-run"])
    before = gaps(lacking)
    statuses = [main(VERIFY), main(VERIFY)]

    said = capsys.readouterr().out
    assert (dry, before) == (1, [])
    assert statuses == [1, 1]
    assert "public.orders 2 of 3, and every partition of shop was read beyond it" in said
    assert said.count("1 gaps recorded") == 1
    assert gaps(lacking) == [("source", "missing_changes", 1)]


def test_json_tells_what_is_not_complete(
    lacking: DatabaseConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    let_it_be_old(lacking)

    main([*VERIFY, "--json", "--dry-run"])

    told = msgspec.json.decode(capsys.readouterr().out)
    (one,) = told["transactions"]
    assert told["counts"] == {"missing": 1, "complete": 1}
    assert (one["transaction_id"], one["state"]) == ("7", "missing")
    assert one["tables"] == [{"name": "public.orders", "expected": 3, "found": 2}]


def test_one_transaction_can_be_named_and_old_ones_left_out(
    lacking: DatabaseConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    let_it_be_old(lacking)

    statuses = [main([*VERIFY, "--transaction", "8"]), main([*VERIFY, "--hours", "0.5"])]

    assert statuses == [0, 0]
    assert capsys.readouterr().out.splitlines() == [
        "1 complete, 0 pending, 0 missing, 0 unknown",
        "0 complete, 0 pending, 0 missing, 0 unknown",
    ]

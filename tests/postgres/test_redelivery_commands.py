"""`cdc-audit verify redeliveries`: what it says, its statuses, and what it sets right."""

import asyncio
from typing import Any

import msgspec
import pytest

from adapters.postgres.config import DatabaseConfig
from entrypoints.cli import main
from tests.contract.test_redeliveries import a_change, deliver
from tests.postgres.trails import a_store, claim, rows

pytestmark = pytest.mark.postgres


@pytest.fixture
def repeated(trail_database: DatabaseConfig, monkeypatch: pytest.MonkeyPatch) -> DatabaseConfig:
    """Give a trail in which one change came twice, as the trail of the command line."""
    for field in ("host", "port", "username", "password", "database"):
        value = str(getattr(trail_database, field))
        monkeypatch.setenv(f"CDC_AUDIT_SINK_DATABASE_{field.upper()}", value)

    async def write() -> None:
        async with a_store(trail_database) as store:
            of: dict[str, Any] = {"stream_id": await claim(store)}
            await deliver(store, [a_change(0, 10, **of)], "first-run")
            await deliver(store, [a_change(1, 10, **of)], "second-run")

    asyncio.run(write())
    return trail_database


def marks(config: DatabaseConfig) -> Any:  # noqa: ANN401 - rows
    return rows(config, "SELECT kafka_offset, first_kafka_offset, certainty FROM audit_redelivery")


def test_marks_that_are_right_fit(
    repeated: DatabaseConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    statuses = [main(["verify", "redeliveries"]), main(["verify", "redeliveries", "--json"])]

    said = capsys.readouterr().out.splitlines()
    told = msgspec.json.decode(said[-1])
    assert statuses == [0, 0]
    assert any("second-run" in line and "fits" in line for line in said)
    assert told["fits"] is True
    assert [(run["run"], run["marked"]) for run in told["runs"]] == [
        ("first-run", 0),
        ("second-run", 1),
    ]
    assert marks(repeated) == [(1, 0, "certain")]


def test_a_mark_that_lacks_is_named_and_set_right_only_when_asked(
    repeated: DatabaseConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    rows(repeated, "DELETE FROM audit_redelivery")

    found = main(["verify", "redeliveries"])
    said = capsys.readouterr().out
    left = marks(repeated)
    statuses = [main(["verify", "redeliveries", "--recompute"]), main(["verify", "redeliveries"])]

    assert found == 1
    assert "-0-1: should be a certain redelivery of " in said
    assert left == []
    assert statuses == [0, 0]
    assert "SET RIGHT" in capsys.readouterr().out
    assert marks(repeated) == [(1, 0, "certain")]


def test_an_unknown_topic_has_no_runs(
    repeated: DatabaseConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["verify", "redeliveries", "--topic", "other", "--json"])

    assert status == 0
    assert msgspec.json.decode(capsys.readouterr().out)["runs"] == []
    assert marks(repeated) == [(1, 0, "certain")]

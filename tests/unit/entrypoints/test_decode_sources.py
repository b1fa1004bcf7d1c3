"""`cdc-audit decode` with a real broker, and with a schema registry over HTTP."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.servers.kafka_cluster import KafkaCluster
from tests.servers.registry import registry_server
from tests.servers.registry_contents import Entry
from tests.unit.debezium.recordings import RECORDED
from tests.unit.entrypoints.decode_runs import DecodeRuns

NAME = "19-pg-avro-basic"
HEARTBEAT = b'{"ts_ms":1}'


@pytest.fixture(autouse=True)
def _folder_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> DecodeRuns:
    return DecodeRuns(tmp_path, capsys)


@pytest.fixture
def topic(cluster: KafkaCluster, monkeypatch: pytest.MonkeyPatch) -> str:
    """A topic of its own, at the broker that the settings name."""
    monkeypatch.setenv("CDC_AUDIT_KAFKA_BOOTSTRAP_SERVERS", cluster.bootstrap)
    return cluster.create_topic(cluster.scratch("decode"), partitions=2)


def a_recording() -> list[dict[str, Any]]:
    lines = (RECORDED / f"{NAME}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_schemas_come_from_the_registry_that_is_named(runs: DecodeRuns) -> None:
    recorded = json.loads((RECORDED / f"{NAME}.schemas.json").read_text("utf-8"))

    with registry_server() as registry:
        for number, answer in recorded["by_id"].items():
            text = answer["body"]["schema"]
            entry = Entry(id=int(number), subject=number, version=1, kind="AVRO", text=text)
            registry.contents.entries.append(entry)
        status, printed = runs.decode(a_recording(), "--registry", registry.url)

    assert status == 0
    assert Counter(p["kind"] for p in printed) == {"change": 13, "skip": 4}


def test_a_schema_that_the_registry_does_not_have_is_an_error_of_the_record(
    runs: DecodeRuns,
) -> None:
    with registry_server() as registry:
        status, printed = runs.decode(a_recording()[:1], "--registry", registry.url)

    assert status == 1
    assert [(p["kind"], p["reason"]) for p in printed] == [("error", "schema_not_found")]


def test_a_registry_that_is_away_is_no_error_of_a_record(runs: DecodeRuns) -> None:
    with registry_server() as registry:
        url = registry.url

    status, printed = runs.decode(a_recording(), "--registry", url)

    assert (status, printed) == (1, [])
    assert runs.errors.startswith("cdc-audit: ")
    assert url in runs.errors


def test_a_schema_that_is_not_in_the_lines_own_registry_is_an_error_that_says_so(
    runs: DecodeRuns,
) -> None:
    registry: dict[str, dict[str, object]] = {"confluent_ids": {}}

    status, printed = runs.decode([a_recording()[0] | {"registry": registry}])

    assert status == 1
    assert printed[0]["reason"] == "schema_not_found"
    assert "the line's own registry does not have" in printed[0]["detail"]


@pytest.mark.kafka
async def test_records_are_read_from_the_broker_without_a_trace(
    runs: DecodeRuns, cluster: KafkaCluster, topic: str
) -> None:
    await cluster.produce(topic, *(b'{"ts_ms":%d}' % n for n in range(5)), partition=1)
    await cluster.produce(topic, b"[1]", partition=0)

    options = ["--topic", topic, "--from", "1"]
    found = [
        await asyncio.to_thread(runs.run, *options, "--partition", "1", "--count", str(count))
        for count in (2, 100)
    ]
    refused = await asyncio.to_thread(runs.run, *options)

    names = [f"{topic}/1/{offset}" for offset in range(1, 5)]
    assert [[p["name"] for p in printed] for _, printed in found] == [names[:2], names]
    assert refused == (1, [])
    assert f"offset 1 is not in partition 0 of {topic}: it holds 0 to 0" in runs.errors
    assert cluster.committed("cdc_audit_consumer", topic, 1) is None


@pytest.mark.kafka
async def test_the_end_is_found_behind_aborted_records_and_markers(
    runs: DecodeRuns, cluster: KafkaCluster, topic: str
) -> None:
    await cluster.produce_in_transaction(topic, HEARTBEAT, commit=True)
    await cluster.produce_in_transaction(topic, HEARTBEAT, HEARTBEAT, commit=False)

    status, printed = await asyncio.to_thread(
        runs.run, "--topic", topic, "--from", "0", "--count", "9"
    )

    assert status == 0
    assert [p["name"] for p in printed] == [f"{topic}/0/0"]


@pytest.mark.kafka
async def test_what_is_not_there_is_said_and_not_made(
    runs: DecodeRuns, cluster: KafkaCluster, topic: str
) -> None:
    absent = cluster.scratch("absent")

    status, _ = await asyncio.to_thread(runs.run, "--topic", absent, "--from", "0")
    absent_said = runs.errors
    empty, _ = await asyncio.to_thread(runs.run, "--topic", topic, "--from", "0")
    empty_said = runs.errors
    partition, _ = await asyncio.to_thread(
        runs.run, "--topic", topic, "--from", "0", "--partition", "7"
    )

    assert (status, empty, partition) == (1, 1, 1)
    assert f"there is no topic {absent}" in absent_said
    assert f"partition 0 of {topic} is empty" in empty_said
    assert f"topic {topic} has no partition 7, but 0, 1" in runs.errors
    assert cluster.partitions(absent) == 0

"""
Poison over a real Kafka, PostgreSQL and schema registry: one record is put aside, and comes back.

    written topic ──▶ service ──▶ trail, quarantine ──(registry, table mended)──▶ each in its place
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import msgspec
import psycopg
import pytest

from adapters.postgres.config import DatabaseConfig
from domain.disposition import Disposition
from entrypoints.cli import main
from tests.e2e.conftest import StartService
from tests.e2e.messages import Message, a_change, a_heartbeat, a_malformed, a_transaction_begin
from tests.e2e.service_process import ServiceProcess
from tests.e2e.trail_check import Trail
from tests.e2e.written_topic import WrittenTopic
from tests.servers.registry import RegistryServer, registry_server

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

SCHEMA = '{"type":"object","title":"shop.Envelope","properties":{"op":{"type":"string"}}}'
FIRST_ID = b"\0\0\0\0\1"
"""Confluent's magic byte, and the id that the registry gives its first schema."""

SOON = {
    "CDC_AUDIT_QUARANTINE_RETRY_FIRST_DELAY": "0.5",
    "CDC_AUDIT_QUARANTINE_RETRY_FACTOR": "1",
    "CDC_AUDIT_CONSUMER_MAX_RETRIES": "1000",
    "CDC_AUDIT_SCHEMA_REGISTRY_NOT_FOUND_TTL": "0",
}
MEBIBYTE = 1024 * 1024


@pytest.fixture
def registry() -> Iterator[RegistryServer]:
    """A registry without schemas."""
    with registry_server() as server:
        yield server


@pytest.fixture
def settings(settings: dict[str, str], registry: RegistryServer) -> dict[str, str]:
    """Settings of a service that asks the registry, and retries soon."""
    return {**settings, **SOON, "CDC_AUDIT_SCHEMA_REGISTRY_URL": registry.url}


def registered(message: Message) -> Message:
    """The message as Confluent's converter writes it, with the registry's first id."""
    value = FIRST_ID + (message.value or b"")
    return msgspec.structs.replace(message, value=value)


def entries(trail: Trail, topic: WrittenTopic) -> list[dict[str, Any]]:
    """What the quarantine holds of the topic, in the order of places."""
    return trail.query(
        "SELECT * FROM processing_error WHERE topic = %(topic)s "
        "ORDER BY kafka_partition, kafka_offset",
        topic=topic.name,
    )


def is_open(trail: Trail, topic: WrittenTopic) -> bool:
    return any(entry["resolved_at"] is None for entry in entries(trail, topic))


def metrics_of(service: ServiceProcess) -> str:
    found = re.search(r"serving what=metrics url=(\S+)", service.output)
    assert found, service.output
    return httpx.get(f"{found[1]}/metrics", trust_env=False).text


def execute(database: DatabaseConfig, statement: str) -> None:
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        connection.execute(statement.encode())


def test_records_whose_schema_comes_later_get_their_own_places(
    topic: WrittenTopic,
    settings: Mapping[str, str],
    trail: Trail,
    registry: RegistryServer,
    start_service: StartService,
) -> None:
    plain = [a_change(op, number) for number in range(10) for op in "cud"]
    topic.write([*plain, registered(a_change("c", 50)), registered(a_change("r", 51)), *plain])
    service = start_service(settings)
    service.wait_until(lambda: trail.has_caught_up(topic), what="the end of the topic")
    held = entries(trail, topic)
    before = trail.accounting(topic)

    registry.contents.register("shop-value", SCHEMA, kind="JSON")
    service.wait_until(lambda: not is_open(trail, topic), what="the retry")

    assert [entry["error_type"] for entry in held] == ["SchemaNotFoundError"] * 2
    assert sum(account["quarantined"] for account in before) == 2
    assert {entry["resolution"] for entry in entries(trail, topic)} == {"retried"}
    after = trail.accounting(topic)
    assert [a["next_offset"] for a in after] == [a["next_offset"] for a in before]
    assert trail.unaccounted(topic) == []
    # they are in the trail with their own offsets and values, counted as what they are
    assert [f for f in trail.faults(topic) if not f.startswith("quarantined record at")] == []
    assert 'cdc_audit_quarantine_retries_total{outcome="placed"' in metrics_of(service)
    assert service.terminate() == 0


def test_one_refused_row_of_a_batch_is_put_aside_and_the_others_keep_their_order(
    topic: WrittenTopic,
    settings: Mapping[str, str],
    trail: Trail,
    trail_database: DatabaseConfig,
    start_service: StartService,
) -> None:
    execute(
        trail_database,
        "ALTER TABLE audit_logging ADD CONSTRAINT too_strict "
        "CHECK (record_key IS DISTINCT FROM '{\"id\":7}') NOT VALID",
    )
    number = 7
    refused = msgspec.structs.replace(a_change("c", number), disposition=Disposition.QUARANTINED)
    others = [a_change("c", n) for n in range(100, 160)]
    topic.write([*others[:31], refused, *others[31:], a_transaction_begin(1), a_heartbeat(1)])

    service = start_service(settings)
    service.wait_until(lambda: trail.has_caught_up(topic), what="the end of the topic")
    held = entries(trail, topic)
    counted = sum(account["quarantined"] for account in trail.accounting(topic))
    recorded = trail.query(
        "SELECT kafka_partition, kafka_offset FROM audit_logging "
        "ORDER BY kafka_partition, recorded_at, kafka_offset"
    )
    execute(trail_database, "ALTER TABLE audit_logging DROP CONSTRAINT too_strict")
    service.wait_until(lambda: not is_open(trail, topic), what="the retry")

    assert [(entry["error_type"], entry["raw_value"]) for entry in held] == [
        ("CheckViolation", refused.value)
    ]
    assert counted == 1
    assert len(recorded) == len(others)
    assert recorded == sorted(
        recorded, key=lambda row: (row["kafka_partition"], row["kafka_offset"])
    )
    topic.records = {
        place: a_change("c", number) if message is refused else message
        for place, message in topic.records.items()
    }
    assert [f for f in trail.faults(topic) if not f.startswith("quarantined record at")] == []


def test_a_record_that_is_too_large_is_kept_by_reference_and_read_again_later(
    topic: WrittenTopic,
    settings: dict[str, str],
    trail: Trail,
    start_service: StartService,
) -> None:
    # it is also larger than what is fetched at once, and must stop nothing behind it
    settings["CDC_AUDIT_KAFKA_MAX_PARTITION_FETCH_BYTES"] = str(MEBIBYTE // 16)
    limit = {"CDC_AUDIT_CONSUMER_MAX_RECORD_BYTES": str(MEBIBYTE // 4)}
    large = padded(a_change("c", 1), MEBIBYTE // 2)
    topic.write([a_change("c", 2), large, a_change("c", 3)])

    service = start_service({**settings, **limit})
    service.wait_until(lambda: trail.has_caught_up(topic), what="the end of the topic")
    (held,) = entries(trail, topic)
    assert service.terminate() == 0
    service = start_service(settings)
    service.wait_until(lambda: not is_open(trail, topic), what="the retry")

    assert (held["error_type"], held["raw_value"]) == ("RecordTooLargeError", None)
    assert held["value_size"] == len(large.value or b"")
    assert [f for f in trail.faults(topic) if not f.startswith("quarantined record at")] == []


def test_an_operators_order_lets_a_held_topic_go_and_shows_in_health(
    topic: WrittenTopic,
    settings: dict[str, str],
    trail: Trail,
    trail_database: DatabaseConfig,
    start_service: StartService,
) -> None:
    execute(
        trail_database,
        f"INSERT INTO topic_order (topic, reason) VALUES ('{topic.name}', 'a test')",  # noqa: S608 - our own
    )

    service = start_service(settings)
    answer = service.wait_until_answered("/health", 200, saying="whatever fails is quarantined")
    topic.write([a_malformed(number) for number in range(10)])
    service.wait_until(lambda: trail.has_caught_up(topic), what="the end of the topic")
    execute(trail_database, "UPDATE topic_order SET ended_at = now() WHERE ended_at IS NULL")
    service.wait_until(
        lambda: "topic_orders" not in str(service.ask("/health").report), what="the order's end"
    )

    assert topic.name in str(answer.report)
    assert len(entries(trail, topic)) == 10


def test_the_command_lets_go_of_a_topic_that_is_held(
    topic: WrittenTopic,
    settings: dict[str, str],
    trail: Trail,
    start_service: StartService,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    numbers = itertools.count()
    topic.write([a_malformed(next(numbers)) for _ in range(120)])
    service = start_service({**settings, "CDC_AUDIT_CONSUMER_MAX_RETRIES": "0"})

    def is_held() -> bool:
        topic.write([a_malformed(next(numbers))])
        return "held_topics" in service.ask("/health").report["checks"]["pipeline"]

    service.wait_until(lambda: trail.has_caught_up(topic), what="the first failures")
    service.wait_until(is_held, what="the hold")  # half a minute without a success
    behind = not trail.has_caught_up(topic)
    status = main(["quarantine", "--all-of", topic.name, "--until", "1h"])
    service.wait_until(lambda: trail.has_caught_up(topic), what="the end of the topic")

    assert behind
    assert status == 0
    pipeline = service.ask("/health").report["checks"]["pipeline"]
    assert "held_topics" not in pipeline
    assert list(pipeline["topic_orders"]) == [topic.name]
    assert trail.faults(topic) == []


def padded(message: Message, size: int) -> Message:
    """The message with so much white space behind its value."""
    return msgspec.structs.replace(message, value=(message.value or b"") + b" " * size)

"""`cdc-audit run` over a real Kafka and a real PostgreSQL: what it keeps, and when it refuses."""

import pytest

from adapters.postgres.config import DatabaseConfig
from tests.e2e.conftest import StartService
from tests.e2e.messages import (
    Message,
    a_change,
    a_heartbeat,
    a_malformed,
    a_tombstone,
    a_transaction_begin,
    a_truncate,
)
from tests.e2e.trail_check import Trail
from tests.e2e.written_topic import WrittenTopic

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


def a_mixture(rounds: int) -> list[Message]:
    """Every kind of record that a topic may carry, and among them one that nobody can decode."""
    messages: list[Message] = []
    for number in range(rounds):
        messages += [a_change(op, number) for op in "rcud"]
        messages += [a_tombstone(number), a_heartbeat(number), a_transaction_begin(number)]
        messages += [a_truncate(number)]
    messages.insert(rounds, a_malformed(rounds))
    return messages


def test_every_record_of_every_kind_is_in_the_trail_once_and_accounted_for(
    topic: WrittenTopic, settings: dict[str, str], trail: Trail, start_service: StartService
) -> None:
    topic.write(a_mixture(20))

    service = start_service(settings)
    service.wait_until(lambda: trail.has_caught_up(topic), what="the end of the topic")
    topic.write(a_mixture(3))
    service.wait_until(lambda: trail.has_caught_up(topic), what="what came while it ran")

    assert trail.faults(topic) == []
    assert len(topic.records) == 2 + 23 * 8
    assert service.ask("/health").report["status"] == "healthy"
    assert service.ask("/ready").status == 200


def test_a_database_without_tables_ends_it_with_the_command_that_makes_them(
    settings: dict[str, str], empty_database: DatabaseConfig, start_service: StartService
) -> None:
    service = start_service(
        {**settings, "CDC_AUDIT_SINK_DATABASE_DATABASE": empty_database.database}
    )

    status = service.wait_for_exit()

    assert status == 3
    assert "Run `cdc-audit migrate` first" in service.output.splitlines()[-1]
    assert "Traceback" not in service.output


def test_a_wrong_setting_ends_it_before_anything_is_read(
    settings: dict[str, str], start_service: StartService
) -> None:
    service = start_service({**settings, "CDC_AUDIT_KAFKA_ENABLE_AUTO_COMMIT": "true"})

    status = service.wait_for_exit()

    assert status == 2
    assert "kafka.enable_auto_commit (from CDC_AUDIT_KAFKA_ENABLE_AUTO_COMMIT)" in service.output
    assert "Traceback" not in service.output


def test_a_second_group_on_the_same_trail_is_refused_and_told_how_to_take_over(
    topic: WrittenTopic, settings: dict[str, str], trail: Trail, start_service: StartService
) -> None:
    ours, other = settings["CDC_AUDIT_KAFKA_GROUP_ID"], topic.cluster.scratch("other")
    first = start_service(settings)
    first.wait_until(lambda: trail.has_caught_up(topic), what="the first service")

    second = start_service({**settings, "CDC_AUDIT_KAFKA_GROUP_ID": other})
    status = second.wait_for_exit()
    topic.write(a_mixture(1))
    first.wait_until(lambda: trail.has_caught_up(topic), what="what came after the refusal")

    assert status == 4
    assert f"'{ours}' writes this trail already, and we are '{other}'" in second.output
    assert f"`cdc-audit stream take-over {ours} {other}`" in second.output
    assert "Traceback" not in second.output
    assert trail.faults(topic) == []


@pytest.mark.parametrize("stopped", [True, False])
def test_a_topic_that_was_made_again_begins_a_new_stream_and_a_gap_is_told(
    topic: WrittenTopic,
    settings: dict[str, str],
    trail: Trail,
    start_service: StartService,
    *,
    stopped: bool,
) -> None:
    topic.write(a_mixture(2))
    service = start_service(settings)
    service.wait_until(lambda: trail.has_caught_up(topic), what="the first life")
    ends = topic.ends()

    if stopped:
        assert service.terminate() == 0
    topic.make_again()
    topic.write(a_mixture(4))
    if stopped:
        service = start_service(settings)
    service.wait_until(lambda: trail.has_caught_up(topic), what="the second life")

    assert trail.faults(topic) == []
    streams = trail.query("SELECT * FROM kafka_stream WHERE topic = %(topic)s", topic=topic.name)
    assert [stream["incarnation"] for stream in streams] == [1, 2]
    gaps = trail.query("SELECT * FROM audit_gap ORDER BY kafka_partition")
    assert {gap["cause"] for gap in gaps} == {"remade_topic"}
    assert {gap["kafka_partition"]: gap["first_offset"] for gap in gaps} == ends
    health = service.ask("/health")
    assert health.status == 200
    assert health.report["status"] == "degraded"
    assert health.report["checks"]["trail"]["open_gaps"] == len(ends)

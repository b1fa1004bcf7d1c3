"""The service ends, in order or not, while records come in: nothing is lost, nothing repeated."""

import pytest

from tests.e2e.conftest import StartService
from tests.e2e.service_process import ServiceProcess
from tests.e2e.trail_check import Trail
from tests.e2e.written_topic import WrittenTopic

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

KILLS = 5


def wait_for_progress(service: ServiceProcess, trail: Trail, topic: WrittenTopic) -> None:
    """Wait until `service` has stored something of what flows in, and is in the middle of it."""
    before = trail.stored(topic)
    service.wait_until(lambda: trail.stored(topic) > before + 50, what="progress")


def wait_for_the_end(service: ServiceProcess, trail: Trail, topic: WrittenTopic) -> None:
    service.wait_until(lambda: trail.has_caught_up(topic), what="the end of the topic")


def test_nothing_is_lost_or_repeated_over_kill_9_again_and_again(
    topic: WrittenTopic, settings: dict[str, str], trail: Trail, start_service: StartService
) -> None:
    settings["CDC_AUDIT_KAFKA_GROUP_INSTANCE_ID"] = "audit-0"  # no wait for the session's end

    with topic.flow():
        for _ in range(KILLS):
            service = start_service(settings)
            wait_for_progress(service, trail, topic)
            service.kill()
    service = start_service(settings)
    wait_for_the_end(service, trail, topic)

    assert trail.faults(topic) == []


def test_sigterm_ends_it_between_two_batches_and_another_takes_over_at_once(
    topic: WrittenTopic, settings: dict[str, str], trail: Trail, start_service: StartService
) -> None:
    group = settings["CDC_AUDIT_KAFKA_GROUP_ID"]
    # If it stayed in the group, the other one would wait for longer than this test does.
    settings["CDC_AUDIT_KAFKA_SESSION_TIMEOUT_MS"] = "120000"

    with topic.flow():
        first = start_service(settings)
        wait_for_progress(first, trail, topic)
        status = first.terminate()
        members = topic.cluster.members(group)
        left_behind = trail.unaccounted(topic)
        second = start_service(settings)
        wait_for_progress(second, trail, topic)
    wait_for_the_end(second, trail, topic)

    assert status == 0, first.output
    assert members == 0
    assert left_behind == []
    assert trail.faults(topic) == []
    assert "ended at once" not in first.output
    assert "not stopped in time" not in first.output


def test_of_two_services_in_one_group_the_other_takes_over_from_one_that_was_killed(
    topic: WrittenTopic, settings: dict[str, str], trail: Trail, start_service: StartService
) -> None:
    with topic.flow():
        services = [start_service(settings), start_service(settings)]
        for service in services:
            service.wait_until(
                lambda: len(trail.writers(topic)) == len(services), what="a share for each"
            )
            wait_for_progress(service, trail, topic)
        services[0].kill()
        services[1].wait_until(
            lambda: len(trail.writers(topic)) == 1, what="all partitions for the one that is left"
        )
        wait_for_progress(services[1], trail, topic)
    wait_for_the_end(services[1], trail, topic)

    assert trail.faults(topic) == []
    assert services[1].ask("/health").report["checks"]["pipeline"]["assigned_partitions"] == 3

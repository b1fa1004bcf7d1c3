"""More than one service: zombies, twins, and groups that change all the time."""

import signal

import pytest

from tests.e2e.service_process import ServiceProcess
from tests.e2e.trail_check import Trail
from tests.faults.scene import NewScene, Scene
from tests.processes import wait_until
from tests.servers.postgres import scratch_database

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

REBALANCES = 5


def wait_for_writers(scene: Scene, service: ServiceProcess, writers: int) -> None:
    """Wait until so many processes share the topic."""
    service.wait_until(
        lambda: len(scene.trail.writers(scene.topic)) == writers, what=f"{writers} writers"
    )


def test_a_zombie_that_wakes_after_its_partitions_moved_stores_nothing_twice(
    scene: Scene,
) -> None:
    times = 3

    with scene.flowing() as heir:
        zombie = scene.start()
        for _ in range(times):
            wait_for_writers(scene, heir, 2)
            scene.wait_for_progress(zombie)
            zombie.send(signal.SIGSTOP)
            wait_for_writers(scene, heir, 1)
            scene.wait_for_progress(heir)
            zombie.send(signal.SIGCONT)
            scene.wait_for_recovery(heir)

    scene.verify("SIGSTOP beyond the session, SIGCONT", heir, times=times)
    assert zombie.exit_status is None
    assert "Traceback" not in heir.output + zombie.output


def test_of_two_processes_with_one_instance_id_one_stops_and_says_why(scene: Scene) -> None:
    with scene.flow():
        twins = [scene.start(kafka_group_instance_id="audit-0") for _ in range(2)]
        for twin in twins:
            twin.wait_for("claimed")
        wait_until(
            lambda: any(twin.exit_status is not None for twin in twins), what="the end of one"
        )
        stopped, left = sorted(twins, key=lambda twin: twin.exit_status is None)
        scene.wait_for_recovery(left)

    scene.verify("two processes with one instance id", left)
    assert stopped.exit_status == 4
    assert "writer" in stopped.output.splitlines()[-1]
    assert "Traceback" not in "".join(twin.output for twin in twins)
    assert "cannot be used now" not in "".join(twin.output for twin in twins)


@pytest.mark.faults
def test_two_deployments_with_one_group_id_keep_two_trails_that_are_right(scene: Scene) -> None:
    with scratch_database() as other_database, scene.flowing() as first:
        other_trail = Trail(other_database)
        second = scene.start(sink_database_database=other_database.database)
        second.wait_until(lambda: other_trail.stored(scene.topic) > 0, what="a share for it")
        scene.wait_for_progress(first)
        assert second.terminate() == 0
        assert other_trail.unaccounted(scene.topic) == []
        scene.wait_for_recovery(first)

    scene.verify("two deployments with one group id", first)
    assert "Traceback" not in first.output + second.output


@pytest.mark.faults
def test_another_group_on_the_same_trail_is_refused_and_disturbs_nobody(
    scene: Scene, new_scene: NewScene
) -> None:
    stranger_group = new_scene().settings["CDC_AUDIT_KAFKA_GROUP_ID"]

    with scene.flowing() as first:
        stranger = scene.start(kafka_group_id=stranger_group)
        status = stranger.wait_for_exit()
        scene.wait_for_recovery(first)

    scene.verify("another group id on one trail", first)
    assert status == 4
    assert "stream take-over" in stranger.output


@pytest.mark.parametrize(
    "strategy",
    ["roundrobin", *(pytest.param(s, marks=pytest.mark.faults) for s in ("sticky", "range"))],
)
def test_members_that_come_and_go_under_flow_cost_nothing(strategy: str, scene: Scene) -> None:
    assignment = {"kafka_partition_assignment": strategy}
    with scene.flowing(**assignment) as first:
        for number in range(REBALANCES):
            other = scene.start(**assignment)
            wait_for_writers(scene, other, 2)
            scene.wait_for_progress(other)
            if number % 2:
                other.kill()
            else:
                assert other.terminate() == 0
            wait_for_writers(scene, first, 1)
            scene.wait_for_recovery(first)

    scene.verify(f"members come and go ({strategy})", first, times=REBALANCES)
    assert "Traceback" not in first.output

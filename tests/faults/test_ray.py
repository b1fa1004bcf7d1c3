"""Ray's processes, killed under flow: a worker, and the raylet."""

import os
import signal
from pathlib import Path

import pytest

from tests.e2e.messages import a_change
from tests.e2e.service_process import ServiceProcess
from tests.faults.scene import Scene
from tests.processes import descendants, is_alive, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.ray, pytest.mark.faults]

RAY = {"transform_engine": "ray", "ray_workers": "1", "ray_object_store_bytes": "83886080"}


def processes_of(service: ServiceProcess, name: str) -> list[int]:
    """The processes below the service whose command line has `name` in it."""
    found: list[int] = []
    for pid in descendants(service.pid):
        try:
            command = Path("/proc", str(pid), "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:  # it has just ended
            continue
        if name in command and is_alive(pid):
            found.append(pid)
    return found


def engine(service: ServiceProcess) -> str:
    return str(service.ask("/health").report["checks"]["pipeline"]["transform_engine"])


def wait_for_ray(service: ServiceProcess) -> None:
    """Wait until Ray transforms; before that the service does it itself."""
    service.wait_until(lambda: engine(service) == "ray", what="Ray")


def pile_up(scene: Scene) -> None:
    """Write more than one batch: small batches are not worth the way to a worker."""
    scene.topic.write(a_change("c", number) for number in range(5_000))


def test_a_worker_that_is_killed_again_and_again_costs_nothing(scene: Scene) -> None:
    with scene.flowing(**RAY) as service:
        wait_for_ray(service)
        for _ in range(3):
            service.wait_until(lambda: bool(processes_of(service, "ray::")), what="a worker")
            pile_up(scene)
            for pid in processes_of(service, "ray::"):
                os.kill(pid, signal.SIGKILL)
            scene.wait_for_recovery(service)

    scene.verify("kill -9 of Ray's workers", service, times=3)


def test_a_raylet_that_is_killed_costs_nothing(scene: Scene) -> None:
    with scene.flowing(**RAY) as service:
        wait_for_ray(service)
        raylets = processes_of(service, "raylet/raylet")
        pile_up(scene)
        os.kill(raylets[0], signal.SIGKILL)
        wait_until(lambda: not is_alive(raylets[0]), what="the raylet's end")
        scene.wait_for_recovery(service)
        service.wait_until(lambda: engine(service) != "ray", what="its own transformer")
        scene.wait_for_recovery(service)

    scene.verify("kill -9 of the raylet", service)
    health = service.ask("/health")
    assert (health.status, health.report["status"]) == (200, "degraded")

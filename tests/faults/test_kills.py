"""kill -9 of the service, at random moments, again and again."""

import os
import random
import time

import pytest

from tests.e2e.service_process import ServiceProcess
from tests.faults.scene import NewScene, Scene

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

KILLS = int(os.environ.get("CDC_AUDIT_FAULT_KILLS") or "20")
KILLS_A_SCENE = 50  # then the trail is held against the list, and a new topic begins
WHILE_STARTING = 0.25  # of the kills
CHANCE = random.SystemRandom()


def wait_for_a_random_moment(scene: Scene, service: ServiceProcess) -> None:
    """Most kills are in the middle of the work, some at any moment of the start."""
    longest = 1.5
    if CHANCE.random() >= WHILE_STARTING:
        scene.wait_for_recovery(service)
        longest = 0.2
    time.sleep(CHANCE.uniform(0.0, longest))  # the moment itself; nothing is waited for


def kill_again_and_again(scene: Scene, times: int) -> None:
    with scene.flow():
        for _ in range(times):
            service = scene.start(kafka_group_instance_id="audit-0")
            wait_for_a_random_moment(scene, service)
            service.kill()


def test_kill_9_at_random_moments_costs_nothing(new_scene: NewScene) -> None:
    for done in range(0, KILLS, KILLS_A_SCENE):
        times = min(KILLS_A_SCENE, KILLS - done)
        scene = new_scene()

        kill_again_and_again(scene, times)
        last = scene.start(kafka_group_instance_id="audit-0")

        scene.verify("kill -9 of the service", last, times=times)
        assert last.terminate() == 0

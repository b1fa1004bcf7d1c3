"""Several processes that begin at once, or beside one that works."""

import subprocess
from pathlib import Path

import pytest

from adapters.postgres.config import DatabaseConfig
from tests.e2e.messages import Message, a_change
from tests.e2e.service_process import COMMAND
from tests.faults.scene import NewScene, Scene

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

A_MONTH_MS = 31 * 24 * 3_600 * 1_000
MONTHS = 12


def changes_of_many_months() -> list[Message]:
    """Changes whose rows need a partition of the trail each, none of which is made ahead."""
    return [a_change("c", n % MONTHS * A_MONTH_MS + n) for n in range(3_000)]


def migrate(scene: Scene) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own command
        [*COMMAND, "migrate"],
        cwd="/",
        env={**scene.settings, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_instances_that_need_the_same_partitions_at_once_make_each_once(scene: Scene) -> None:
    scene.topic.write(changes_of_many_months())

    services = [scene.start() for _ in range(3)]

    scene.verify("three instances need 12 new partitions at once", services[0])
    assert [service.exit_status for service in services] == [None] * 3
    assert "Traceback" not in "".join(service.output for service in services)


@pytest.mark.faults
def test_migrations_beside_an_instance_that_works_disturb_nobody(scene: Scene) -> None:
    with scene.flowing() as service:
        migrations = [migrate(scene) for _ in range(3)]
        outputs = [migration.communicate()[0] for migration in migrations]
        scene.wait_for_recovery(service)

    scene.verify("migrations beside an instance that works", service, times=3)
    assert [migration.returncode for migration in migrations] == [0, 0, 0], outputs
    assert "Traceback" not in service.output


@pytest.mark.faults
def test_migrations_of_an_empty_database_at_once_make_one_trail(
    new_scene: NewScene, empty_database: DatabaseConfig
) -> None:
    scene = new_scene(empty_database)

    migrations = [migrate(scene) for _ in range(3)]
    outputs = [migration.communicate()[0] for migration in migrations]
    with scene.flowing() as service:
        scene.wait_for_recovery(service)

    scene.verify("three migrations of an empty database at once", service, times=3)
    assert [migration.returncode for migration in migrations] == [0, 0, 0], outputs

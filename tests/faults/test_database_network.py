"""Faults of the network between the service and its database."""

import pytest

from tests.faults.scene import Scene
from tests.faults.tcp_proxy import TcpProxy

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

LOST_COMMITS = 20


def test_answers_to_commit_that_are_lost_cost_nothing_and_stop_nobody(
    scene: Scene, database_proxy: TcpProxy
) -> None:
    with scene.flowing(sink_database_port=str(database_proxy.port)) as service:
        for _ in range(LOST_COMMITS):
            database_proxy.lose_answers_to_commit(1)
            service.wait_until(database_proxy.has_lost_all, what="a lost COMMIT")
            scene.wait_for_recovery(service)

    scene.verify("COMMIT's answer is lost", service, times=LOST_COMMITS)
    assert service.exit_status is None
    assert "fenced" not in service.output
    assert "Traceback" not in service.output

"""Faults of the network between the service and its database."""

from collections.abc import Callable

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
    assert "fenced" not in service.output
    assert "Traceback" not in service.output


@pytest.mark.parametrize(
    ("fault", "make"),
    [
        ("the database is cut off", TcpProxy.cut),
        pytest.param("the database falls silent", TcpProxy.hold, marks=pytest.mark.faults),
    ],
)
def test_a_database_that_the_network_parts_from_us_is_waited_for(
    fault: str, make: Callable[[TcpProxy], None], scene: Scene, database_proxy: TcpProxy
) -> None:
    with scene.flowing(sink_database_port=str(database_proxy.port)) as service:
        for _ in range(3):
            make(database_proxy)
            scene.wait_for_stall(service)
            database_proxy.restore()
            scene.wait_for_recovery(service)

    scene.verify(fault, service, times=3)
    assert "Traceback" not in service.output


@pytest.mark.faults
def test_a_slow_network_to_the_database_costs_time_alone(
    scene: Scene, database_proxy: TcpProxy
) -> None:
    with scene.flowing(sink_database_port=str(database_proxy.port)) as service:
        database_proxy.delay(0.1)
        scene.wait_for_progress(service)
        database_proxy.restore()
        scene.wait_for_recovery(service)

    scene.verify("0.1 s more to and from the database", service)


@pytest.mark.faults
def test_connections_that_are_reset_again_and_again_cost_nothing(
    scene: Scene, database_proxy: TcpProxy
) -> None:
    with scene.flowing(sink_database_port=str(database_proxy.port)) as service:
        for _ in range(20):
            database_proxy.reset_connections()
            scene.wait_for_recovery(service)

    scene.verify("connections to the database are reset", service, times=20)
    assert "Traceback" not in service.output


@pytest.mark.faults
def test_connections_of_which_only_our_half_is_left_are_given_up(
    scene: Scene, database_proxy: TcpProxy
) -> None:
    with scene.flowing(sink_database_port=str(database_proxy.port)) as service:
        database_proxy.abandon_clients()
        scene.wait_for_stall(service)
        service.wait_for("no answer within")
        scene.wait_for_recovery(service)

    scene.verify("connections to the database are half open", service)

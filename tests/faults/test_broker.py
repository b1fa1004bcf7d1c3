"""Faults of Kafka and of the network to it."""

from collections.abc import Callable, Iterator

import pytest

from adapters.embedded.errors import EmbeddedServerError
from adapters.embedded.ports import free_port
from tests.e2e.messages import a_change
from tests.faults.scene import Scene
from tests.faults.tcp_proxy import TcpProxy
from tests.servers.kafka_cluster import KafkaCluster
from tests.servers.kafka_server import KafkaServer

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    """Give free ports: the producer's way to the broker, the service's, and its own."""
    return {name: free_port() for name in ("PLAINTEXT", "PROXIED", "CONTROLLER", "PROXY")}


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, ports: dict[str, int]
) -> Iterator[KafkaServer]:
    """Give a broker that a test may kill, with a second listener that leads through a proxy."""
    told = ports | {"PROXIED": ports["PROXY"]}
    listeners = [f"{name}://127.0.0.1:{ports[name]}" for name in ("PLAINTEXT", "PROXIED")]
    controller = f"127.0.0.1:{ports['CONTROLLER']}"
    settings = {
        "listeners": ",".join([*listeners, f"CONTROLLER://{controller}"]),
        "advertised.listeners": ",".join(
            f"{name}://127.0.0.1:{told[name]}" for name in ("PLAINTEXT", "PROXIED")
        ),
        "listener.security.protocol.map": ",".join(
            f"{name}:PLAINTEXT" for name in ("PLAINTEXT", "PROXIED", "CONTROLLER")
        ),
        "controller.quorum.voters": f"1@{controller}",
    }
    server = KafkaServer(tmp_path_factory.mktemp("kafka"), settings=settings)
    try:
        server.start()
    except EmbeddedServerError as error:
        pytest.skip(f"no Kafka of our own: {error}")
    yield server
    server.stop()


@pytest.fixture
def cluster(server: KafkaServer, ports: dict[str, int]) -> KafkaCluster:
    """Give the broker past the proxy: the truth is written there."""
    assert server.pid
    return KafkaCluster(f"127.0.0.1:{ports['PLAINTEXT']}")


@pytest.fixture
def broker_proxy(ports: dict[str, int]) -> Iterator[TcpProxy]:
    """Give the network between service and broker."""
    with TcpProxy(ports["PROXIED"], port=ports["PROXY"]) as proxy:
        yield proxy


def through(proxy: TcpProxy) -> dict[str, str]:
    """Settings of a service behind the proxy."""
    return {"kafka_bootstrap_servers": f"127.0.0.1:{proxy.port}"}


@pytest.mark.parametrize(
    ("fault", "make"),
    [
        ("the broker is cut off", TcpProxy.cut),
        pytest.param("the broker falls silent", TcpProxy.hold, marks=pytest.mark.faults),
    ],
)
def test_a_broker_that_the_network_parts_from_us_is_waited_for(
    fault: str, make: Callable[[TcpProxy], None], scene: Scene, broker_proxy: TcpProxy
) -> None:
    with scene.flowing(**through(broker_proxy)) as service:
        for _ in range(2):
            make(broker_proxy)
            service.wait_until_answered("/ready", 503, saying="waiting")
            broker_proxy.restore()
            scene.wait_for_recovery(service)

    scene.verify(fault, service, times=2)
    assert "Traceback" not in service.output


@pytest.mark.faults
def test_a_slow_network_to_the_broker_costs_time_alone(
    scene: Scene, broker_proxy: TcpProxy
) -> None:
    with scene.flowing(**through(broker_proxy)) as service:
        broker_proxy.delay(0.3)
        scene.wait_for_progress(service)
        broker_proxy.restore()
        scene.wait_for_recovery(service)

    scene.verify("0.3 s more to and from the broker", service)


@pytest.mark.faults
def test_connections_to_the_broker_that_are_reset_again_and_again_cost_nothing(
    scene: Scene, broker_proxy: TcpProxy
) -> None:
    with scene.flowing(**through(broker_proxy)) as service:
        for _ in range(20):
            broker_proxy.reset_connections()
            scene.wait_for_recovery(service)

    scene.verify("connections to the broker are reset", service, times=20)


@pytest.mark.faults
def test_connections_of_which_only_our_half_is_left_are_given_up(
    scene: Scene, broker_proxy: TcpProxy
) -> None:
    with scene.flowing(**through(broker_proxy)) as service:
        broker_proxy.abandon_clients()
        scene.wait_for_stall(service)
        scene.wait_for_recovery(service)

    scene.verify("connections to the broker are half open", service)


@pytest.mark.faults
def test_a_broker_that_is_killed_and_started_again_costs_nothing(
    server: KafkaServer, scene: Scene
) -> None:
    with scene.flowing() as service:
        for _ in range(3):
            server.kill()
            service.wait_until_answered("/ready", 503, saying="waiting")
            server.start()
            scene.wait_for_recovery(service)

    scene.verify("kill -9 of the broker", service, times=3)
    assert "Traceback" not in service.output


async def test_nothing_of_a_transaction_that_was_aborted_is_in_the_trail(scene: Scene) -> None:
    topic, aborted = scene.topic, a_change("c", 4711).value

    with scene.flowing() as service:
        for partition in (0, 1, 2, 0, 1, 2):
            await topic.cluster.produce_in_transaction(
                topic.name, *[aborted] * 20, partition=partition, commit=False
            )
    topic.write([a_change("c", 1), a_change("c", 2), a_change("c", 3)])

    scene.verify("transactions that are aborted", service, times=6)
    absent = sum(account["absent"] for account in scene.trail.accounting(topic))
    assert absent == 6 * (20 + 1)

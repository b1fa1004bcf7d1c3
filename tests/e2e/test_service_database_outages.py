"""The trail's database goes away under the service, and comes back: it waits, and carries on."""

import os
import secrets
import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from adapters.embedded.errors import EmbeddedServerError
from adapters.embedded.ports import free_port
from adapters.embedded.postgres import THROWAWAY, EmbeddedPostgres
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.migrations import migrate
from tests.e2e.conftest import StartService
from tests.e2e.messages import a_change
from tests.e2e.trail_check import Trail
from tests.e2e.written_topic import WrittenTopic
from tests.processes import descendants

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """Give a server that a test may end, always on the same port; each test leaves it running."""
    home = tmp_path_factory.mktemp("postgres")
    server = EmbeddedPostgres(home, port=free_port(), settings=THROWAWAY)
    try:
        server.start()
    except EmbeddedServerError as error:
        pytest.skip(f"no PostgreSQL of our own: {error}")
    yield server
    server.stop()


@pytest.fixture
def trail_database(server: EmbeddedPostgres) -> DatabaseConfig:
    """Give a database with the tables of the trail on the server that may be ended."""
    name = f"trail_{secrets.token_hex(6)}"
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    address = conninfo_to_dict(server.dsn(name))
    config = DatabaseConfig(
        host=str(address["host"]),
        port=server.port,
        username=str(address["user"]),
        password=str(address["password"]),
        database=name,
    )
    migrate(config)
    return config


def crash(server: EmbeddedPostgres) -> None:
    """End the server as a crash does: nothing is said to anybody, and it recovers at its start."""
    os.kill(server.pid, signal.SIGKILL)
    server.stop()


@contextmanager
def frozen(server: EmbeddedPostgres) -> Generator[None]:
    """Freeze the server: connections stay open, and nothing is answered."""
    os.kill(server.pid, signal.SIGSTOP)  # first: from now on there are no new processes
    sessions = descendants(server.pid)
    try:
        _send(signal.SIGSTOP, sessions)
        yield
    finally:
        _send(signal.SIGCONT, [*sessions, server.pid])


def _send(number: signal.Signals, processes: Sequence[int]) -> None:
    for pid in processes:
        with suppress(ProcessLookupError):  # sessions come and go
            os.kill(pid, number)


@pytest.mark.parametrize("end", [EmbeddedPostgres.stop, crash])
def test_a_database_that_goes_away_and_returns_is_waited_for_and_nothing_is_lost(  # noqa: PLR0913, PLR0917 - fixtures
    end: Callable[[EmbeddedPostgres], None],
    server: EmbeddedPostgres,
    topic: WrittenTopic,
    settings: dict[str, str],
    trail: Trail,
    start_service: StartService,
) -> None:
    service = start_service(settings)
    with topic.flow():
        service.wait_until(lambda: trail.stored(topic) > 0, what="the first records")

        end(server)
        unready = service.wait_until_answered("/ready", 503, saying="waiting")
        alive = service.ask("/live")
        server.start()

        service.wait_until_answered("/ready", 200)
    service.wait_until(lambda: trail.has_caught_up(topic), what="the end of the topic")

    reason = unready.report["checks"]["pipeline"]["reason"]
    assert reason.startswith(f"the database 127.0.0.1:{server.port}/")
    assert "cannot be used now" in reason
    assert alive.status == 200
    assert trail.faults(topic) == []
    assert "Traceback" not in service.output


def test_a_service_that_starts_before_its_database_waits_for_it(
    server: EmbeddedPostgres,
    topic: WrittenTopic,
    settings: dict[str, str],
    trail: Trail,
    start_service: StartService,
) -> None:
    topic.write(a_change("c", number) for number in range(30))
    server.stop()

    service = start_service(settings)
    unready = service.wait_until_answered("/ready", 503, saying="waiting")
    alive = service.ask("/live")
    server.start()
    service.wait_until_answered("/ready", 200)
    service.wait_until(lambda: trail.has_caught_up(topic), what="the end of the topic")

    assert f"127.0.0.1:{server.port}" in unready.report["checks"]["pipeline"]["reason"]
    assert alive.status == 200
    assert trail.faults(topic) == []
    assert "Traceback" not in service.output


def test_a_service_that_is_stopped_while_its_database_is_away_stops_in_order(
    server: EmbeddedPostgres,
    topic: WrittenTopic,
    settings: dict[str, str],
    trail: Trail,
    start_service: StartService,
) -> None:
    first = start_service(settings)
    with topic.flow():
        first.wait_until(lambda: trail.stored(topic) > 0, what="the first records")
        server.stop()
        never_ready = start_service(settings)
        for service in (first, never_ready):
            service.wait_until_answered("/ready", 503, saying="waiting")

        statuses = [service.terminate() for service in (first, never_ready)]
        members = topic.cluster.members(settings["CDC_AUDIT_KAFKA_GROUP_ID"])
        server.start()
    second = start_service(settings)
    second.wait_until(lambda: trail.has_caught_up(topic), what="the end of the topic")

    assert statuses == [0, 0], first.output + never_ready.output
    assert members == 0
    assert trail.faults(topic) == []
    assert "Traceback" not in first.output + never_ready.output


def test_a_database_that_freezes_holds_a_stop_up_no_longer_than_its_limit(
    server: EmbeddedPostgres,
    topic: WrittenTopic,
    settings: dict[str, str],
    trail: Trail,
    start_service: StartService,
) -> None:
    first = start_service({**settings, "CDC_AUDIT_CONSUMER_SHUTDOWN_TIMEOUT": "2"})
    with topic.flow():
        first.wait_until(lambda: trail.stored(topic) > 0, what="the first records")
        with frozen(server):
            status = first.terminate()
    second = start_service(settings)
    second.wait_until(lambda: trail.has_caught_up(topic), what="the end of the topic")

    assert status == 1
    assert "not stopped in time shutdown_timeout=2.0" in first.output
    assert trail.faults(topic) == []


def test_a_second_signal_ends_it_at_once_and_costs_nothing(
    server: EmbeddedPostgres,
    topic: WrittenTopic,
    settings: dict[str, str],
    trail: Trail,
    start_service: StartService,
) -> None:
    first = start_service({**settings, "CDC_AUDIT_CONSUMER_SHUTDOWN_TIMEOUT": "300"})
    with topic.flow():
        first.wait_until(lambda: trail.stored(topic) > 0, what="the first records")
        with frozen(server):
            first.send(signal.SIGTERM)
            first.wait_for("stopping signal=SIGTERM")
            first.send(signal.SIGINT)
            status = first.wait_for_exit()
    second = start_service(settings)
    second.wait_until(lambda: trail.has_caught_up(topic), what="the end of the topic")

    assert status == 128 + signal.SIGINT
    assert "ended at once signal=SIGINT" in first.output
    assert trail.faults(topic) == []

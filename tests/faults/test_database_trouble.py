"""A database that is there, and does not do what it is asked: trouble, never poison."""

from collections.abc import Callable, Generator

import msgspec
import pytest
from psycopg import sql

from adapters.postgres.config import DatabaseConfig
from tests.faults.administrator import Administrator
from tests.faults.scene import NewScene, Scene
from tests.servers.postgres import scratch_database, scratch_role

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

TOLD = "waiting for what is away"
Act = Callable[[Administrator], None]


class Trouble(msgspec.Struct, frozen=True):
    """
    Something that is wrong with a database for a while.

    Attributes:
        name: As the table has it.
        says: What the service's reason must say.
        begin: Begins it.
        end: Ends it.
    """

    name: str
    says: str
    begin: Act
    end: Act


def setting(name: str, value: str, *, says: str) -> Trouble:
    """Give all new sessions a setting; those of before are ended, those of then are not."""

    def begin(administrator: Administrator) -> None:
        administrator.set_for_all(name, value)
        administrator.end_service_sessions()

    def end(administrator: Administrator) -> None:
        administrator.set_for_all(name, None)

    return Trouble(f"{name} = {value}", says, begin, end)


def statements(name: str, begin: str, end: str, *, says: str) -> Trouble:
    """Two statements, of which the second takes the first one back."""
    return Trouble(name, says, lambda a: a.run(begin), lambda a: a.run(end))


READ_ONLY = setting("default_transaction_read_only", "on", says="read-only transaction")
GONE = statements(
    "the schema is gone",
    "ALTER SCHEMA public RENAME TO elsewhere",
    "ALTER SCHEMA elsewhere RENAME TO public",
    says="does not exist",
)
TIMEOUT = setting("statement_timeout", "1ms", says="statement timeout")


@pytest.mark.parametrize(
    "trouble",
    [
        READ_ONLY,
        *(pytest.param(t, marks=pytest.mark.faults) for t in (GONE, TIMEOUT)),
    ],
    ids=lambda trouble: trouble.name,
)
def test_trouble_is_waited_for_and_no_record_pays_for_it(
    trouble: Trouble, scene: Scene, administrator: Administrator
) -> None:
    with scene.flowing() as service:
        trouble.begin(administrator)
        service.wait_until_answered("/ready", 503, saying=trouble.says)
        trouble.end(administrator)
        scene.wait_for_recovery(service)
        told = service.output.count(TOLD)
        for _ in range(3):
            scene.wait_for_progress(service)

    assert service.output.count(TOLD) == told, "a session of the time of the trouble is left"
    scene.verify(trouble.name, service)
    assert "Traceback" not in service.output


@pytest.fixture
def guarded() -> Generator[DatabaseConfig]:
    """Give a database whose writer has no more rights than it needs."""
    with scratch_role() as writer, scratch_database(writer_role=writer) as config:
        yield config


@pytest.fixture
def guarded_scene(new_scene: NewScene, guarded: DatabaseConfig) -> Scene:
    """Give a scene in that database."""
    return new_scene(guarded)


def test_a_right_that_is_taken_and_given_back_is_waited_for(
    guarded: DatabaseConfig, guarded_scene: Scene
) -> None:
    administrator = Administrator(guarded)
    writer = sql.Identifier(guarded.writer_role or "").as_string()

    with guarded_scene.flowing() as service:
        administrator.run(f"REVOKE INSERT ON audit_logging FROM {writer}")
        service.wait_until_answered("/ready", 503, saying="permission denied")
        administrator.run(f"GRANT INSERT ON audit_logging TO {writer}")
        guarded_scene.wait_for_recovery(service)

    guarded_scene.verify("a right is revoked, and granted again", service)
    assert "Traceback" not in service.output


def test_sessions_that_are_terminated_again_and_again_cost_nothing(
    scene: Scene, administrator: Administrator
) -> None:
    with scene.flowing() as service:
        for _ in range(20):
            administrator.end_service_sessions()
            scene.wait_for_recovery(service)

    scene.verify("pg_terminate_backend of all sessions", service, times=20)
    assert "Traceback" not in service.output


def test_serialization_failures_are_tried_again(scene: Scene, administrator: Administrator) -> None:
    administrator.set_for_all("default_transaction_isolation", "repeatable read")

    with scene.flowing() as service, administrator.session() as rival:
        rival.execute("SET default_transaction_isolation TO 'read committed'")  # it must not fail
        with rival.transaction():
            rival.execute("UPDATE kafka_offset SET consumer_group = consumer_group")
            service.wait_until(administrator.service_waits_for_lock, what="a wait for a lock")
        service.wait_for("could not serialize access")
        scene.wait_for_recovery(service)

    scene.verify("serialization failures", service)
    assert "Traceback" not in service.output


def test_a_deadlock_is_tried_again(scene: Scene, administrator: Administrator) -> None:
    # A session looks for a deadlock once, when it has waited for so long: the service must wait
    # when the rival already does, and be the one that finds it.
    administrator.set_for_all("deadlock_timeout", "2s")

    with scene.flowing() as service, administrator.session() as rival:
        rival.execute("SET deadlock_timeout TO '1min'")
        while "deadlock detected" not in service.output:
            with rival.transaction():
                rival.execute("SELECT FROM kafka_offset WHERE partition = 2 FOR UPDATE")
                service.wait_until(administrator.service_waits_for_lock, what="a wait for a lock")
                rival.execute("SELECT FROM kafka_offset WHERE partition < 2 FOR UPDATE")
        scene.wait_for_recovery(service)

    scene.verify("deadlocks", service)
    assert "Traceback" not in service.output


@pytest.mark.faults
def test_a_pool_whose_only_session_is_kept_waiting_goes_on_afterwards(
    scene: Scene, administrator: Administrator
) -> None:
    only_one = {"sink_database_pool_size": "1", "sink_database_max_overflow": "0"}

    with scene.flowing(**only_one) as service:
        with administrator.session() as rival, rival.transaction():
            rival.execute("LOCK TABLE audit_logging IN ACCESS EXCLUSIVE MODE")
            service.wait_until(administrator.service_waits_for_lock, what="a wait for the lock")
            scene.wait_for_stall(service)
        scene.wait_for_recovery(service)

    scene.verify("the pool is exhausted", service)
    assert "Traceback" not in service.output


@pytest.mark.faults
def test_a_database_that_takes_no_connections_is_waited_for(
    scene: Scene, administrator: Administrator
) -> None:
    database = scene.settings["CDC_AUDIT_SINK_DATABASE_DATABASE"]
    name = sql.Identifier(database).as_string()

    with scene.flowing() as service, administrator.session("postgres") as session:
        session.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database]
        )
        service.wait_until_answered("/ready", 503, saying="not currently accepting connections")
        session.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())
        scene.wait_for_recovery(service)

    scene.verify("no connections are to be had", service)
    assert "Traceback" not in service.output

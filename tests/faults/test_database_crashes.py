"""The database's own server: killed, promoted, full."""

import os
import secrets
import signal
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from adapters.embedded.errors import EmbeddedServerError
from adapters.embedded.ports import free_port
from adapters.embedded.postgres import THROWAWAY, EmbeddedPostgres
from adapters.embedded.postgres_binaries import find_binaries
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.migrations import migrate
from tests.e2e.trail_check import Trail
from tests.faults.administrator import Administrator
from tests.faults.scene import Scene
from tests.faults.tcp_proxy import TcpProxy
from tests.processes import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

FULL_DISK = 32 * 1024 * 1024  # bytes


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """Give a server that a test may crash, or fill the disk of."""
    server = EmbeddedPostgres(
        tmp_path_factory.mktemp("postgres"), port=free_port(), settings=THROWAWAY
    )
    try:
        server.start()
    except EmbeddedServerError as error:
        pytest.skip(f"no PostgreSQL of our own: {error}")
    yield server
    server.stop()


@pytest.fixture
def trail_database(server: EmbeddedPostgres) -> DatabaseConfig:
    """Give a trail on that server."""
    return a_trail_on(server)


def a_trail_on(server: EmbeddedPostgres) -> DatabaseConfig:
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


def takes_connections(server: EmbeddedPostgres) -> bool:
    try:
        with psycopg.connect(server.dsn()):
            return True
    except psycopg.OperationalError:
        return False


def kill_backend(server: EmbeddedPostgres, pid: int) -> None:
    """Kill a server process: the server notices it, ends all others, and recovers."""
    with psycopg.connect(server.dsn(), autocommit=True) as witness:
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not answers(witness), what="the end of the other sessions")
    wait_until(lambda: takes_connections(server), what="the end of the recovery")


def answers(connection: psycopg.Connection) -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


@pytest.mark.faults
def test_a_postmaster_that_is_killed_and_started_again_costs_nothing(
    server: EmbeddedPostgres, scene: Scene
) -> None:
    with scene.flowing() as service:
        for _ in range(3):
            crash(server)
            service.wait_until_answered("/ready", 503, saying="cannot be used now")
            server.start()
            scene.wait_for_recovery(service)

    scene.verify("kill -9 of PostgreSQL's postmaster", service, times=3)
    assert "Traceback" not in service.output


def test_a_backend_that_is_killed_with_all_others_costs_nothing(
    server: EmbeddedPostgres, scene: Scene, administrator: Administrator
) -> None:
    with scene.flowing() as service:
        for _ in range(3):
            kill_backend(server, administrator.service_sessions()[0])
            scene.wait_for_recovery(service)

    scene.verify("kill -9 of a PostgreSQL backend", service, times=3)
    assert "Traceback" not in service.output


@pytest.fixture
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """Mount a small file system that PostgreSQL may write to."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small tmpfs needs root")
    folder = tmp_path_factory.mktemp("small-disk")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={FULL_DISK},mode=1777", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:  # noqa: S603 - as above
        pytest.skip("tmpfs cannot be mounted here")
    for parent in [folder, *folder.parents][:3]:
        parent.chmod(parent.stat().st_mode | 0o011)  # PostgreSQL does not run as root
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S603, S607 - coreutils


@contextmanager
def full(disk: Path) -> Generator[None]:
    """Fill a disk to the last byte, and empty it again."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    try:
        yield
    finally:
        ballast.unlink()


def test_a_disk_that_is_full_is_waited_for(
    server: EmbeddedPostgres, scene: Scene, administrator: Administrator, small_disk: Path
) -> None:
    space = f"small_{secrets.token_hex(4)}"
    place = small_disk / space
    place.mkdir()
    owner = (server.home / "pgdata").stat()
    os.chown(place, owner.st_uid, owner.st_gid)
    administrator.run(f"CREATE TABLESPACE {space} LOCATION '{place}'")
    tables = administrator.ask(
        "SELECT relname FROM pg_class WHERE relname ~ '^audit_logging_' AND relkind = 'r'"
    )
    for (table,) in tables:
        administrator.run(f"ALTER TABLE {table} SET TABLESPACE {space}")
    administrator.set_for_all("default_tablespace", space)

    with scene.flowing() as service:
        with full(small_disk):
            service.wait_until_answered("/ready", 503, saying="No space left on device")
        scene.wait_for_recovery(service)

    scene.verify("the disk is full", service)
    assert "Traceback" not in service.output


@contextmanager
def standby_of(primary: EmbeddedPostgres, home: Path) -> Generator[EmbeddedPostgres]:
    """Run a synchronous standby."""
    home.mkdir()
    program = str(find_binaries().folder / "pg_basebackup")
    data = str(home / "pgdata")
    backup = [program, "--pgdata", data, "--dbname", primary.dsn(), "--write-recovery-conf"]
    subprocess.run([*backup, "--checkpoint=fast"], check=True, capture_output=True)  # noqa: S603 - PostgreSQL's
    (home / "password").write_text(primary.password, encoding="ascii")
    (home / "pgdata" / "postmaster.pid").unlink(missing_ok=True)
    with EmbeddedPostgres(home, port=free_port(), settings=THROWAWAY) as standby:
        with psycopg.connect(primary.dsn(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names TO '*'")
            connection.execute("SELECT pg_reload_conf()")
            wait_until(
                lambda: (
                    connection.execute(
                        "SELECT FROM pg_stat_replication WHERE sync_state = 'sync'"
                    ).rowcount
                    > 0
                ),
                what="a synchronous standby",
            )
        yield standby


def start_alone(server: EmbeddedPostgres) -> None:
    """Start a server again, that waits for no standby any more."""
    server.start()
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
        connection.execute("SELECT pg_reload_conf()")


@pytest.mark.faults
def test_a_synchronous_standby_that_is_promoted_has_everything(
    scene: Scene, tmp_path: Path, server: EmbeddedPostgres, trail_database: DatabaseConfig
) -> None:
    tmp_path.chmod(0o755)
    with standby_of(server, tmp_path / "standby") as standby, TcpProxy(server.port) as address:
        with scene.flowing(sink_database_port=str(address.port)) as service:
            address.cut()
            crash(server)
            service.wait_until_answered("/ready", 503, saying="cannot be used now")
            with psycopg.connect(standby.dsn(), autocommit=True) as connection:
                connection.execute("SELECT pg_promote()")
            scene.trail = Trail(msgspec.structs.replace(trail_database, port=standby.port))
            address.target = standby.port
            address.restore()
            scene.wait_for_recovery(service)

        scene.verify("failover to a synchronous standby", service)
    start_alone(server)
    assert "Traceback" not in service.output


@pytest.mark.faults
def test_of_two_hosts_the_service_goes_to_the_one_that_is_promoted(
    scene: Scene, tmp_path: Path, server: EmbeddedPostgres, trail_database: DatabaseConfig
) -> None:
    tmp_path.chmod(0o755)
    with standby_of(server, tmp_path / "standby") as standby:
        hosts = f"127.0.0.1:{standby.port},127.0.0.1:{server.port}"  # the standby is passed over
        with scene.flowing(sink_database_host=hosts) as service:
            crash(server)
            service.wait_until_answered("/ready", 503, saying="cannot be used now")
            with psycopg.connect(standby.dsn(), autocommit=True) as connection:
                connection.execute("SELECT pg_promote()")
            scene.trail = Trail(msgspec.structs.replace(trail_database, port=standby.port))
            scene.wait_for_recovery(service)
            health = service.ask("/health")

        scene.verify("failover between two hosts", service)
    start_alone(server)
    assert health.report["checks"]["database"]["status"] == "healthy"
    assert "Traceback" not in service.output

"""Debezium's JDBC sink on Kafka Connect, standalone: started, told, watched."""

import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
from psycopg import sql

from adapters.embedded.errors import EmbeddedServerError
from adapters.embedded.guarded_process import GuardedProcess, Launch
from adapters.embedded.ports import LOOPBACK, free_port
from adapters.postgres.config import DatabaseConfig
from tests.benchmarks.rig import Rig
from tests.servers.kafka_server import LOG_SETTINGS, find_java

JARS = Path(__file__).parents[3] / "build" / "peers"
BATCH = 5_000
LOOK_EVERY = 0.1
_PATIENCE = 600.0


class JdbcSink:
    """
    The sink, run after run in one warm worker.

    Args:
        rest: Where the worker listens.
        topic: What it reads.
        database: Where it writes.
    """

    def __init__(self, rest: str, topic: str, database: DatabaseConfig) -> None:
        self._rest = rest
        self._topic = topic
        self._database = database

    def rows_per_second(self, run: int, count: int) -> float:
        """Let it store the topic's `count` records in a new table; give its rate."""
        name = f"run_{run}"
        httpx.put(
            f"{self._rest}/connectors/{name}/config", json=self._settings(name), timeout=60.0
        ).raise_for_status()
        try:
            return self._watched(name, count)
        finally:
            httpx.delete(f"{self._rest}/connectors/{name}", timeout=60.0)

    def _watched(self, table: str, count: int) -> float:
        first, first_at, stored = 0, 0.0, 0
        give_up = time.monotonic() + _PATIENCE
        with psycopg.connect(self._database.conninfo, autocommit=True) as connection:
            while stored < count:
                if time.monotonic() > give_up:
                    state = httpx.get(f"{self._rest}/connectors/{table}/status", timeout=60.0)
                    raise RuntimeError(f"the sink has stored {stored} rows: {state.text}")
                time.sleep(LOOK_EVERY)
                stored = _count(connection, table)
                if stored and not first:
                    first, first_at = stored, time.monotonic()
        return (count - first) / (time.monotonic() - first_at)

    def _settings(self, name: str) -> Mapping[str, str]:
        database = self._database
        address = f"{database.host}:{database.port}/{database.database}"
        return {
            "connector.class": "io.debezium.connector.jdbc.JdbcSinkConnector",
            "tasks.max": "1",
            "topics": self._topic,
            "connection.url": f"jdbc:postgresql://{address}?reWriteBatchedInserts=true",
            "connection.username": database.username,
            "connection.password": database.password,
            "insert.mode": "insert",
            "primary.key.mode": "kafka",
            "schema.evolution": "basic",
            "collection.name.format": name,
            "batch.size": str(BATCH),
            "consumer.override.max.poll.records": str(BATCH),
        }


def _worker_settings(bootstrap: str, rest: str, home: Path) -> str:
    settings = {
        "bootstrap.servers": bootstrap,
        "listeners": rest,
        "plugin.path": str(JARS / "plugins"),
        "offset.storage.file.filename": str(home / "offsets"),
        "key.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "key.converter.schemas.enable": "false",
        "connector.client.config.override.policy": "All",
    }
    return "\n".join(f"{name}={value}" for name, value in settings.items())


@contextmanager
def a_connect_worker(rig: Rig) -> Generator[str]:
    """
    Run Kafka Connect, and give the address where it takes connectors.

    Raises:
        EmbeddedServerError: Its jars are not there.
    """
    if not list(JARS.glob("plugins/jdbc/debezium-connector-jdbc-*.jar")):
        raise EmbeddedServerError(
            "Kafka Connect", f"its jars are not in {JARS}. Run tests/benchmarks/peers/fetch."
        )
    home = rig.home / "connect"
    home.mkdir()
    rest = f"http://{LOOPBACK}:{free_port()}"
    (home / "log4j2.properties").write_text(LOG_SETTINGS, encoding="ascii")
    worker = home / "worker.properties"
    worker.write_text(_worker_settings(rig.kafka.bootstrap, rest, home), encoding="utf-8")
    command = [
        find_java(),
        "-Xmx1g",
        f"-Dlog4j2.configurationFile={home / 'log4j2.properties'}",
        "-cp",
        f"{JARS}/connect/*",
        "org.apache.kafka.connect.cli.ConnectStandalone",
        str(worker),
    ]
    process = GuardedProcess(Launch(name="Kafka Connect", command=command, log=home / "log"))
    try:
        process.wait_until(lambda: _answers(rest), timeout=_PATIENCE)
        yield rest
    finally:
        process.stop()


def _answers(rest: str) -> bool:
    try:
        return httpx.get(f"{rest}/connectors", timeout=5.0).is_success
    except httpx.HTTPError:
        return False


def _count(connection: psycopg.Connection, table: str) -> int:
    try:
        row = connection.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        ).fetchone()
    except psycopg.errors.UndefinedTable:
        return 0
    return int(row[0]) if row else 0

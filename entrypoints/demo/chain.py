"""
The parts of the demo, started in the order in which they need each other.

    PostgreSQL `shop` ──▶ Debezium ──▶ mock broker ──▶ cdc-audit ──▶ PostgreSQL `audit` ──▶ page

While PostgreSQL is made, Debezium's JVM warms up; while Debezium connects, the trail's tables are
made and the service starts.
"""

import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import msgspec

from adapters.embedded.debezium import EmbeddedDebezium, PostgresSource
from adapters.embedded.errors import EmbeddedServerError
from adapters.embedded.guarded_process import GuardedProcess, Launch
from adapters.embedded.mock_broker import MockBroker
from adapters.embedded.postgres import SUPERUSER, THROWAWAY, EmbeddedPostgres
from entrypoints.demo import shop
from entrypoints.demo.ports import Ports
from entrypoints.demo.progress import Progress

PART_TIMEOUT = 60.0  # seconds until we say that a part does not come up
STOP_TIMEOUT = 5.0  # seconds that the service has to finish its batch and go
LOOK_INTERVAL = 0.05


class ChainOptions(msgspec.Struct, frozen=True, kw_only=True):
    """
    What can be chosen.

    Attributes:
        engine: Where records are decoded: ``inprocess`` or ``ray``.
        ports: Where page, health and metrics are served.
    """

    engine: str
    ports: Ports


class Chain:
    """
    Every part of the demo, as processes below this one.

    Args:
        home: Folder for all that they keep.
        options: What was chosen.
        progress: Told of every step.
    """

    def __init__(self, home: Path, options: ChainOptions, progress: Progress) -> None:
        self.options = options
        self._home = home
        self._progress = progress
        self._broker = MockBroker({**shop.TOPICS, shop.HEARTBEAT_TOPIC: 1}, log=home / "broker.log")
        self._postgres = EmbeddedPostgres(home / "postgres", logical=True, settings=THROWAWAY)
        self._debezium = EmbeddedDebezium(home / "debezium")
        self._service: GuardedProcess | None = None

    @property
    def bootstrap(self) -> str:
        """Address of the broker."""
        return self._broker.bootstrap

    @property
    def shop_dsn(self) -> str:
        """How to connect to the source."""
        return self._postgres.dsn(shop.SOURCE_DATABASE)

    @property
    def trail_dsn(self) -> str:
        """How to connect to the trail."""
        return self._postgres.dsn(shop.TRAIL_DATABASE)

    @property
    def psql(self) -> str | None:
        """A psql that goes with the servers, if there is one."""
        return self._postgres.psql

    @property
    def page_url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.options.ports.page}"

    def start(self) -> None:
        """
        Start every part; returns when the page answers and changes are captured.

        Raises:
            EmbeddedServerError: A part did not come up; the text has the end of its log.
        """
        step = self._progress.step
        with step("Kafka protocol: librdkafka's mock broker"):
            self._broker.start()
        self._debezium.warm_up()
        with step("PostgreSQL: a new server"):
            self._postgres.start()
        with step("PostgreSQL: the shop, and a database for the trail"):
            shop.create_databases(self._postgres.dsn())
            shop.create_shop(self.shop_dsn)
        self._capture()
        with step("cdc-audit: the trail's tables"):
            self._migrate()
        with step("cdc-audit: the service and its page"):
            self._serve()
        with step("Debezium: capturing the shop"):
            self._wait(lambda: shop.is_captured(self.shop_dsn), "Debezium")

    def check(self) -> None:
        """
        Look whether every part lives.

        Raises:
            EmbeddedServerError: One has ended; the text has the end of its log.
        """
        for part in (self._postgres, self._broker, self._debezium, self._service):
            if part:
                part.check()

    def stop(self) -> None:
        """Stop every part, sources of work first. May be called again."""
        if self._service:
            self._service.ask_to_stop()
        self._debezium.stop()
        if self._service:
            self._service.stop()
        self._broker.stop()
        self._postgres.stop()

    def _capture(self) -> None:
        source = PostgresSource(
            port=self._postgres.port,
            user=SUPERUSER,
            password=self._postgres.password,
            database=shop.SOURCE_DATABASE,
            prefix=shop.PREFIX,
            tables=[f"public.{table}" for table in shop.TABLES],
        )
        self._debezium.start(self._debezium.properties(source), bootstrap=self.bootstrap)

    def _migrate(self) -> None:
        launch = Launch(
            name="cdc-audit migrate",
            command=[*COMMAND, "migrate"],
            log=self._home / "service.log",
            environment=self._environment(),
        )
        GuardedProcess(launch).run()

    def _serve(self) -> None:
        self._service = GuardedProcess(
            Launch(
                name="cdc-audit run",
                command=[*COMMAND, "run"],
                log=self._home / "service.log",
                environment=self._environment(),
                grace=STOP_TIMEOUT + 1.0,
            )
        )
        self._wait(lambda: _answers(self.page_url), "cdc-audit run")

    def _environment(self) -> dict[str, str]:
        """The service's settings, and none that was meant for another one: empty gives none."""
        others = [name for name in os.environ if name.startswith("CDC_AUDIT_")]
        ports = self.options.ports
        return {
            **dict.fromkeys(others, ""),
            **self._database("SINK_DATABASE", shop.TRAIL_DATABASE),
            **self._database("SOURCE_DATABASE", shop.SOURCE_DATABASE),  # for its columns' types
            "CDC_AUDIT_KAFKA_BOOTSTRAP_SERVERS": self.bootstrap,
            "CDC_AUDIT_KAFKA_TOPICS": ",".join([*shop.TOPICS, shop.HEARTBEAT_TOPIC]),
            "CDC_AUDIT_KAFKA_GROUP_ID": "cdc_audit_demo",
            "CDC_AUDIT_SINK_DATABASE_POOL_SIZE": "4",
            "CDC_AUDIT_CONSUMER_SHUTDOWN_TIMEOUT": str(STOP_TIMEOUT),
            "CDC_AUDIT_HTTP_PORT": str(ports.page),
            "CDC_AUDIT_MONITORING_HEALTH_CHECK_PORT": str(ports.health),
            "CDC_AUDIT_MONITORING_METRICS_PORT": str(ports.metrics),
            "CDC_AUDIT_TRANSFORM_ENGINE": self.options.engine,
            "CDC_AUDIT_LOGGING_FORMAT": "line",
        }

    def _database(self, section: str, database: str) -> dict[str, str]:
        settings = {
            "HOST": "127.0.0.1",
            "PORT": str(self._postgres.port),
            "USERNAME": SUPERUSER,
            "PASSWORD": self._postgres.password,
            "DATABASE": database,
            "SSLMODE": "disable",  # the wheel's server has no TLS
        }
        return {f"CDC_AUDIT_{section}_{name}": value for name, value in settings.items()}

    def _wait(self, ready: Callable[[], bool], part: str) -> None:
        deadline = time.monotonic() + PART_TIMEOUT
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise EmbeddedServerError(part, f"it was not ready within {PART_TIMEOUT:g} s")
            time.sleep(LOOK_INTERVAL)


COMMAND = (sys.executable, "-P", "-m", "entrypoints.cli")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/", timeout=2.0):  # noqa: S310 - our own loopback
            return True
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False

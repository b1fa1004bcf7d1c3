"""
A source whose Debezium is killed, again and again, and goes on from its stored offset.

    PostgreSQL ──▶ Debezium (killed, started again) ──▶ broker ──▶ `KilledSource.records`

Offsets are stored with the first batch of a run, and then not for an hour: everything later comes
once more with the next run.
"""

import os
import signal
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec
import psycopg
from confluent_kafka import Consumer, TopicPartition

from adapters.embedded.debezium import EmbeddedDebezium, PostgresSource
from adapters.embedded.mock_broker import MockBroker
from adapters.embedded.postgres import SUPERUSER, THROWAWAY, EmbeddedPostgres
from domain.consumed import RawRecord
from tests.processes import descendants, is_alive, wait_until

ORDERS, LOG, TRANSACTIONS = "r.public.orders", "r.public.log", "r.transaction"
TOPICS: Sequence[str] = (ORDERS, LOG, TRANSACTIONS)
TABLES = """
CREATE TABLE orders (id integer PRIMARY KEY, line text);
CREATE TABLE log (line text);
ALTER TABLE orders REPLICA IDENTITY FULL;
ALTER TABLE log REPLICA IDENTITY FULL;
"""
Headers = tuple[tuple[str, bytes | None], ...]
AN_HOUR = "3600000"


class KilledSource:
    """
    A source, and a Debezium over it that is killed.

    Args:
        home: Folder for all of it.
    """

    def __init__(self, home: Path) -> None:
        self._server = EmbeddedPostgres(home / "postgres", logical=True, settings=THROWAWAY)
        topics = dict.fromkeys(TOPICS, 1)
        self._broker = MockBroker(topics, log=home / "broker.log")
        self._debezium = EmbeddedDebezium(home / "debezium")
        self.records: list[RawRecord] = []

    def start(self) -> None:
        """Start server and broker, and make the tables."""
        self._server.start()
        self._broker.start()
        self.execute(TABLES)
        self._consumer = Consumer(
            {
                "bootstrap.servers": self._broker.bootstrap,
                "group.id": "test",
                "enable.auto.commit": False,
            }
        )
        self._consumer.assign([TopicPartition(topic, 0, 0) for topic in TOPICS])

    def stop(self) -> None:
        """Stop everything."""
        self._debezium.stop()
        self._broker.stop()
        self._server.stop()

    def execute(self, *statements: str) -> None:
        """Run statements in one transaction."""
        with psycopg.connect(self._server.dsn()) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def copy(self, table: str, lines: Iterable[str]) -> None:
        """Run one COPY."""
        statement = f"COPY {table} FROM STDIN".encode()
        with (
            psycopg.connect(self._server.dsn()) as connection,
            connection.cursor() as cursor,
            cursor.copy(statement) as copy,
        ):
            for line in lines:
                copy.write(f"{line}\n")

    def run(self, first: int) -> None:
        """Start Debezium where it left off, and have it store its offset behind order `first`."""
        source = PostgresSource(
            port=self._server.port,
            user=SUPERUSER,
            password=self._server.password,
            database="postgres",
            prefix="r",
            tables=["public.orders", "public.log"],
        )
        properties = {
            **self._debezium.properties(source),
            "offset.flush.interval.ms": AN_HOUR,
            "offset.commit.policy": (
                "io.debezium.engine.spi.OffsetCommitPolicy$PeriodicCommitOffsetPolicy"
            ),
            "heartbeat.interval.ms": "0",
        }
        self._debezium.start(properties, bootstrap=self._broker.bootstrap)
        wait_until(self._is_captured, what="Debezium's slot")
        self.copy("orders", [f"{first}\tfirst"])
        self.wait_for_order(first)

    def wait_for_order(self, number: int) -> None:
        """Wait until an order has come."""
        self.wait_for(lambda: self.count(ORDERS, f'"id":{number},') > 0, f"order {number}")

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        """Read what comes until `condition` holds."""

        def is_there() -> bool:
            self._debezium.check()
            self._read()
            return condition()

        wait_until(is_there, what=what)

    def count(self, topic: str, text: str) -> int:
        """How many changes with `text` in them have come."""
        found = [r for r in self.records if r.topic == topic and r.value is not None]
        return sum(text.encode() in (record.value or b"") for record in found)

    def kill(self) -> None:
        """End Debezium as ``kill -9`` does, and read what it had sent."""
        guard = self._debezium.pid
        assert guard is not None, "it was not started"
        engine = descendants(guard)[0]
        os.kill(engine, signal.SIGKILL)
        wait_until(lambda: not is_alive(engine), what="Debezium's end")
        self._debezium.stop()

    def _is_captured(self) -> bool:
        self._debezium.check()
        with psycopg.connect(self._server.dsn()) as connection:
            found = connection.execute("SELECT active FROM pg_replication_slots").fetchone()
        return bool(found and found[0])

    def _read(self) -> None:
        for message in self._consumer.consume(1000, 0.1):
            assert message.error() is None, message.error()
            headers = msgspec.convert(message.headers() or (), Headers)
            self.records.append(
                RawRecord(
                    str(message.topic()),
                    message.partition() or 0,
                    message.offset() or 0,
                    message.timestamp()[1],
                    message.key(),
                    message.value(),
                    headers,
                )
            )

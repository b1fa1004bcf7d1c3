"""
A source whose Debezium is killed, again and again, and goes on from its stored offset.

    PostgreSQL ──▶ Debezium (killed, started again) ──▶ broker ──▶ `KilledSource.records`

What it stores of its offset is kept once, in a quiet moment behind the first order of a run, and
put back when it was killed: everything later comes once more with the next run. So it is with a
Debezium that stores its offset each minute, but the moment is known.
"""

import json
import os
import shutil
import signal
from collections.abc import Sequence
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
PROGRAM = Path(__file__).with_name("dying_debezium_program.py")
PATIENCE = 120.0  # seconds: each run starts a Java, which takes its time on a busy machine


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
        self._debezium = EmbeddedDebezium(home / "debezium", PROGRAM)
        self._kept = home / "offsets.kept"
        self._death = home / "debezium" / "die"
        self._last_transaction = ""
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
            self._note(connection)

    def copy(self, table: str, lines: Sequence[str]) -> None:
        """Run one COPY."""
        statement = f"COPY {table} FROM STDIN".encode()
        with psycopg.connect(self._server.dsn()) as connection:
            with connection.cursor() as cursor, cursor.copy(statement) as copy:
                copy.write("".join(f"{line}\n" for line in lines))
            self._note(connection)

    def _note(self, connection: psycopg.Connection) -> None:
        number = connection.execute("SELECT pg_current_xact_id()::text").fetchone()
        assert number is not None
        self._last_transaction = str(number[0])

    def run(self, first: int) -> None:
        """Start Debezium where it left off, and keep its offset behind order `first`."""
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
            "max.batch.size": "128",  # a long COPY takes several
            "max.queue.size": "512",
            "offset.flush.interval.ms": "0",  # with every batch
            "lsn.flush.mode": "manual",  # or the server would send nothing a second time
            "heartbeat.interval.ms": "0",
        }
        self._debezium.start(properties, bootstrap=self._broker.bootstrap)
        wait_until(self._is_captured, what="Debezium's slot", patience=PATIENCE)
        self.copy("orders", [f"{first}\tfirst"])
        self.catch_up()
        shutil.copy(self._debezium.offsets, self._kept)

    def catch_up(self) -> None:
        """Read all that the source wrote, and wait until Debezium has stored that it was sent."""

        def is_there() -> bool:
            self._debezium.check()
            self._read()
            return self._is_stored()

        what = f"the end of transaction {self._last_transaction}"
        wait_until(is_there, what=what, patience=PATIENCE)

    def kill(self) -> None:
        """End Debezium as ``kill -9`` does, once all that the source wrote was sent."""
        self.catch_up()
        engine = self._engine()
        os.kill(engine, signal.SIGKILL)
        self._bury(engine)

    def copy_and_die(self, table: str, lines: Sequence[str], *, behind: int) -> None:
        """Run one COPY, of whose rows the broker gets the first `behind` before Debezium's end."""
        engine = self._engine()
        self._death.write_text(f"r.public.{table} {behind}", encoding="ascii")
        self.copy(table, lines)
        self._bury(engine)
        self._death.unlink()

    def _engine(self) -> int:
        guard = self._debezium.pid
        assert guard is not None, "it was not started"
        return descendants(guard)[0]

    def _bury(self, engine: int) -> None:
        """Wait for its end, and give the next one the offset that was kept."""

        def is_dead() -> bool:
            self._read()  # the broker keeps little
            return not is_alive(engine)

        wait_until(is_dead, what="Debezium's end", patience=PATIENCE)
        self._debezium.stop()
        shutil.copy(self._kept, self._debezium.offsets)

    def _is_stored(self) -> bool:
        """Whether the last transaction's END has come, and the stored offset is behind it."""
        values = [r.value for r in self.records if r.topic == TRANSACTIONS and r.value is not None]
        said = json.loads(values[-1])["payload"] if values else {"id": "", "status": "BEGIN"}
        number, _, end = said["id"].partition(":")
        if said["status"] != "END" or number != self._last_transaction:
            return False
        stored = self._debezium.offsets.read_bytes() if self._debezium.offsets.exists() else b""
        behind = f'"lsn_commit":{end}'.encode()  # of its fields the order is any
        return all(part in stored for part in (behind, b'"messageType":"COMMIT"', b"}x"))

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

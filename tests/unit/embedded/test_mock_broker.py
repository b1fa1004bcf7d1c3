"""The broker of the demo takes records and gives them back, and says what it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from adapters.embedded import mock_broker
from adapters.embedded.errors import EmbeddedServerError
from adapters.embedded.mock_broker import MockBroker, find_librdkafka
from tests.processes import is_alive

TOPIC = "shop.public.orders"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[MockBroker]:
    """A broker with two topics."""
    with MockBroker({TOPIC: 1, "wide": 3}, log=tmp_path / "log") as running:
        yield running


def test_the_topics_have_the_partitions_that_were_asked_for(broker: MockBroker) -> None:
    topics = AdminClient({"bootstrap.servers": broker.bootstrap}).list_topics(timeout=10).topics

    assert {name: len(topic.partitions) for name, topic in topics.items()} == {TOPIC: 1, "wide": 3}


def test_the_broker_names_a_controller_so_that_admin_clients_need_not_wait(
    broker: MockBroker,
) -> None:
    metadata = AdminClient({"bootstrap.servers": broker.bootstrap}).list_topics(timeout=10)

    assert metadata.controller_id in metadata.brokers


def test_a_record_comes_back_with_key_value_and_headers(broker: MockBroker) -> None:
    producer = Producer({"bootstrap.servers": broker.bootstrap})
    producer.produce(TOPIC, key=b"k", value=None, headers=[("a", b"b"), ("a", None)])
    assert producer.flush(10) == 0
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "any"})
    consumer.assign([TopicPartition(TOPIC, 0, 0)])

    record = consumer.poll(10)
    consumer.close()

    assert record is not None
    assert (record.key(), record.value()) == (b"k", None)
    assert record.headers() == [("a", b"b"), ("a", None)]


def test_a_broker_listens_on_loopback(broker: MockBroker) -> None:
    assert broker.bootstrap.startswith("127.0.0.1:")


def test_two_brokers_live_side_by_side(broker: MockBroker, tmp_path: Path) -> None:
    with MockBroker({TOPIC: 1}, log=tmp_path / "other") as other:
        assert other.bootstrap != broker.bootstrap
        broker.check()
        other.check()


def test_a_stopped_broker_is_gone(tmp_path: Path) -> None:
    broker = MockBroker({TOPIC: 1}, log=tmp_path / "log")
    broker.start()
    pid = broker.pid
    assert pid is not None

    broker.stop()
    broker.stop()

    assert not is_alive(pid)


def test_a_broker_that_cannot_start_shows_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "librdkafka.so"
    library.touch()
    monkeypatch.setattr(mock_broker, "find_librdkafka", lambda: library)

    with pytest.raises(EmbeddedServerError, match=r"status 1 instead of an answer(?s:.*)too short"):
        MockBroker({TOPIC: 1}, log=tmp_path / "log").start()


def test_a_library_that_is_missing_is_an_error_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mock_broker, "LIBRARIES", ("no-such-library*",))

    with pytest.raises(EmbeddedServerError, match="pip install"):
        find_librdkafka()

"""
librdkafka's mock cluster in this process, for errors that no healthy broker gives.

It keeps everything in memory, and knows no transactions and no second member of a group. It is
used for injected errors alone; guarantees are tested with a real Kafka.

Source: rdkafka_mock.h of librdkafka 2.x.
"""

import ctypes
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

from adapters.embedded.mock_broker import find_librdkafka
from tests.processes import wait_until
from tests.servers.kafka_cluster import KafkaCluster

RD_KAFKA_PRODUCER = 0  # kind of the client that carries the cluster; it sends nothing
REBALANCE_DELAY = 100  # ms


class MockCluster(KafkaCluster):
    """
    One broker.

    Args:
        library: librdkafka.
        cluster: Its mock cluster.
    """

    def __init__(self, library: ctypes.CDLL, cluster: int) -> None:
        super().__init__(library.rd_kafka_mock_cluster_bootstraps(cluster).decode())
        self._library = library
        self._cluster = cluster

    def create_topic(
        self, topic: str, partitions: int = 1, config: Mapping[str, str] | None = None
    ) -> str:
        """Make a topic, and give its name; the mock knows no settings."""
        assert not config
        self._library.rd_kafka_mock_topic_create(self._cluster, topic.encode(), partitions, 1)
        wait_until(lambda: self.partitions(topic) == partitions, what=f"topic {topic}")
        return topic

    def answer_with(self, request: int, errors: Sequence[int]) -> None:
        """Answer the next requests of a kind with these errors, one each; -195 hangs up."""
        array = (ctypes.c_int * len(errors))(*errors)
        self._library.rd_kafka_mock_push_request_errors_array(
            self._cluster, request, len(errors), array
        )


@contextmanager
def mock_cluster() -> Generator[MockCluster]:
    """Run a mock cluster."""
    library = _load()
    error = ctypes.create_string_buffer(512)
    client = library.rd_kafka_new(RD_KAFKA_PRODUCER, library.rd_kafka_conf_new(), error, 512)
    assert client, error.value.decode()
    cluster = library.rd_kafka_mock_cluster_new(client, 1)
    try:
        library.rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, REBALANCE_DELAY)
        library.rd_kafka_mock_set_controller_id(cluster, 1)
        yield MockCluster(library, cluster)
    finally:
        library.rd_kafka_mock_cluster_destroy(cluster)
        library.rd_kafka_destroy(client)


def _load() -> ctypes.CDLL:
    library = ctypes.CDLL(str(find_librdkafka()))
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    for name, result, parameters in (
        ("rd_kafka_conf_new", pointer, []),
        ("rd_kafka_new", pointer, [ctypes.c_int, pointer, text, ctypes.c_size_t]),
        ("rd_kafka_destroy", None, [pointer]),
        ("rd_kafka_mock_cluster_new", pointer, [pointer, ctypes.c_int]),
        ("rd_kafka_mock_cluster_destroy", None, [pointer]),
        ("rd_kafka_mock_cluster_bootstraps", text, [pointer]),
        ("rd_kafka_mock_topic_create", ctypes.c_int, [pointer, text, ctypes.c_int, ctypes.c_int]),
        ("rd_kafka_mock_set_controller_id", None, [pointer, ctypes.c_int32]),
        ("rd_kafka_mock_group_initial_rebalance_delay_ms", None, [pointer, ctypes.c_int32]),
        (
            "rd_kafka_mock_push_request_errors_array",
            None,
            [pointer, ctypes.c_int16, ctypes.c_size_t, pointer],
        ),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, parameters
    return library

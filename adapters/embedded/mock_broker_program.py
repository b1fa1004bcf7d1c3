"""
The broker of the demo: librdkafka's mock cluster, in a process of its own.

    python -I -S mock_broker_program.py LIBRARY TOPIC:PARTITIONS ...

Writes one line, the bootstrap address, and serves until its standard input ends. confluent-kafka
shows the mock only through a producer's setting, without a way to name topics; the shared library
inside its wheel exports the whole of it. Run by path, with the standard library alone.

Source: rdkafka_mock.h of librdkafka 2.x.
"""

import ctypes
import os
import sys

RD_KAFKA_PRODUCER = 0  # kind of the client that carries the cluster; it sends nothing
REPLICATION_FACTOR = 1
REBALANCE_DELAY = 100  # ms; the mock's own 3,000 would be most of the demo's start
ONLY_BROKER = 1
ERROR_SIZE = 512


def main(arguments: list[str]) -> int:
    """Serve the topics of `arguments`; see the module's docstring."""
    library = _load(arguments[0])
    client = _client(library)
    cluster = library.rd_kafka_mock_cluster_new(client, 1)
    if not cluster:
        sys.stderr.write("the mock cluster could not be made\n")
        return 1
    library.rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, REBALANCE_DELAY)
    # Without a controller admin clients wait for one until they time out.
    library.rd_kafka_mock_set_controller_id(cluster, ONLY_BROKER)
    for argument in arguments[1:]:
        topic, _, partitions = argument.rpartition(":")
        failed = library.rd_kafka_mock_topic_create(
            cluster, topic.encode(), int(partitions), REPLICATION_FACTOR
        )
        if failed:
            sys.stderr.write(f"topic {topic} could not be made: error {failed}\n")
            return 1
    sys.stdout.write(library.rd_kafka_mock_cluster_bootstraps(cluster).decode() + "\n")
    sys.stdout.flush()
    while os.read(0, 4096):
        pass
    return 0


def _load(path: str) -> ctypes.CDLL:
    library = ctypes.CDLL(path)
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    for name, result, parameters in (
        ("rd_kafka_conf_new", pointer, []),
        ("rd_kafka_new", pointer, [ctypes.c_int, pointer, text, ctypes.c_size_t]),
        ("rd_kafka_mock_cluster_new", pointer, [pointer, ctypes.c_int]),
        ("rd_kafka_mock_cluster_bootstraps", text, [pointer]),
        ("rd_kafka_mock_topic_create", ctypes.c_int, [pointer, text, ctypes.c_int, ctypes.c_int]),
        ("rd_kafka_mock_set_controller_id", None, [pointer, ctypes.c_int32]),
        ("rd_kafka_mock_group_initial_rebalance_delay_ms", None, [pointer, ctypes.c_int32]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, parameters
    return library


def _client(library: ctypes.CDLL) -> int:
    error = ctypes.create_string_buffer(ERROR_SIZE)
    client = library.rd_kafka_new(RD_KAFKA_PRODUCER, library.rd_kafka_conf_new(), error, ERROR_SIZE)
    if not client:
        raise RuntimeError(error.value.decode())
    return int(client)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

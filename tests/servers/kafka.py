"""
A real Apache Kafka for tests, and topics in it that last as long as a test.

The broker is the one that CDC_AUDIT_TEST_BOOTSTRAP names (plain text, with the right to make
topics), else one that is started from the jars of `make kafka` and ends with the tests. Without
either, tests skip.
"""

import functools
import os
import tempfile
from pathlib import Path

import pytest

from adapters.embedded.errors import EmbeddedServerError
from tests.servers.kafka_cluster import KafkaCluster
from tests.servers.kafka_server import KafkaServer
from tests.servers.shared import until_the_end


@functools.cache
def kafka_bootstrap() -> str:
    """Give the address of the test broker, and start the broker if need be."""
    return os.environ.get("CDC_AUDIT_TEST_BOOTSTRAP") or _start_server()


@functools.cache
def kafka_cluster() -> KafkaCluster:
    """Give the test broker, for making topics and producing."""
    return KafkaCluster(kafka_bootstrap())


@pytest.fixture
def cluster() -> KafkaCluster:
    """Give the test broker, which other tests use at the same time: name topics by `scratch`."""
    return kafka_cluster()


def _start_server() -> str:
    home = tempfile.TemporaryDirectory(prefix="cdc-audit-test-kafka-", ignore_cleanup_errors=True)
    server = KafkaServer(Path(home.name))
    try:
        server.start()
    except EmbeddedServerError as error:
        home.cleanup()
        pytest.skip(f"no Kafka: {error}; or set CDC_AUDIT_TEST_BOOTSTRAP to a broker's host:port")
    until_the_end.callback(home.cleanup)
    until_the_end.callback(server.stop)
    return server.bootstrap

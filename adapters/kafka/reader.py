"""A reader of one partition without a group: for looking, never for recording."""

from typing import Any

from aiokafka import AIOKafkaConsumer

from adapters.kafka.config import KafkaConfig
from adapters.kafka.security import consumer_security

REQUEST_GRACE_MS = 10_000
"""A join may take as long as the session; its request may take a little longer."""


def new_reader(config: KafkaConfig) -> AIOKafkaConsumer:
    """
    Build a consumer that joins no group and commits nothing; not started, and assigned nothing.

    Raises:
        ConfigurationError: A certificate or key cannot be read.
    """
    settings: dict[str, Any] = {
        "bootstrap_servers": config.bootstrap_servers,
        "client_id": config.client_id,
        "group_id": None,
        "auto_offset_reset": "none",
        "enable_auto_commit": False,
        "isolation_level": config.isolation_level,
        "check_crcs": True,
        "fetch_max_wait_ms": config.fetch_max_wait_ms,
        "max_partition_fetch_bytes": config.max_partition_fetch_bytes,
        "request_timeout_ms": config.session_timeout_ms + REQUEST_GRACE_MS,
        **consumer_security(config),
    }
    return AIOKafkaConsumer(**settings)

"""What the settings of Kafka may be, and what is said of those that are wrong."""

from typing import Any

import pytest

from adapters.kafka.change_source import KafkaChangeSource
from adapters.kafka.config import KafkaConfig
from domain.errors import ConfigurationError

SASL = {"sasl_username": "audit", "sasl_password": "secret"}


def test_the_defaults_are_valid() -> None:
    KafkaConfig().validate()


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (
            {"enable_auto_commit": True},
            (
                "kafka.enable_auto_commit: it is true. Offsets are committed in the database "
                "with the "
                "rows, so that nothing is lost or repeated; Kafka is told afterwards, for lag "
                "tools. "
                "Leave it false."
            ),
        ),
        ({"bootstrap_servers": []}, "kafka.bootstrap_servers: it is empty. Give host:port."),
        (
            {"topics": ["a"], "topic_pattern": "b"},
            "kafka.topics: kafka.topic_pattern is given too. Give one of the two.",
        ),
        (
            {"topic_pattern": "shop.("},
            (
                "kafka.topic_pattern: 'shop.(' is not a regular expression: missing ), "
                "unterminated "
                "subpattern at position 5."
            ),
        ),
        (
            {"auto_offset_reset": "none"},
            "kafka.auto_offset_reset: 'none' is not allowed. Give one of: earliest, latest.",
        ),
        (
            {"isolation_level": "serializable"},
            (
                "kafka.isolation_level: 'serializable' is not allowed. Give one of: "
                "read_committed, "
                "read_uncommitted."
            ),
        ),
        (
            {"partition_assignment": "cooperative"},
            (
                "kafka.partition_assignment: 'cooperative' is not allowed. Give one of: "
                "roundrobin, "
                "range, sticky."
            ),
        ),
        (
            {"metadata_max_age_ms": 30_001},
            (
                "kafka.metadata_max_age_ms: 30001 is not within 1 to 30000: new topics and "
                "partitions "
                "are to be noticed within half a minute."
            ),
        ),
        (
            {"metadata_max_age_ms": 0},
            (
                "kafka.metadata_max_age_ms: 0 is not within 1 to 30000: new topics and partitions "
                "are to be noticed within half a minute."
            ),
        ),
        (
            {"heartbeat_interval_ms": 3_001, "session_timeout_ms": 9_000},
            (
                "kafka.heartbeat_interval_ms: 3001 is more than a third of "
                "kafka.session_timeout_ms = "
                "9000: two lost heartbeats would cost the partitions."
            ),
        ),
        (
            {"max_poll_records": 0},
            "kafka.max_poll_records: 0 is not allowed: it must be positive.",
        ),
        (
            {"consumer_timeout_ms": -1},
            "kafka.consumer_timeout_ms: -1 is not allowed: it must be positive.",
        ),
        (
            {"security_protocol": "TLS"},
            (
                "kafka.security_protocol: 'TLS' is not allowed. Give one of: PLAINTEXT, SSL, "
                "SASL_PLAINTEXT, SASL_SSL."
            ),
        ),
        (
            {"security_protocol": "SASL_SSL", "sasl_mechanism": "GSSAPI", **SASL},
            (
                "kafka.sasl_mechanism: 'GSSAPI' is not allowed. Give one of: PLAIN, SCRAM-SHA-256, "
                "SCRAM-SHA-512."
            ),
        ),
        (
            {"security_protocol": "SASL_SSL", "sasl_username": "audit"},
            "kafka.sasl_password: it is needed with SASL_SSL.",
        ),
        (
            {"security_protocol": "SASL_PLAINTEXT", "sasl_password": "secret"},
            "kafka.sasl_username: it is needed with SASL_PLAINTEXT.",
        ),
        (
            {"ssl_keyfile": "key.pem"},
            "kafka.ssl_keyfile: it is given without kafka.ssl_certfile. Give both.",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(settings: dict[str, Any], text: str) -> None:
    config = KafkaConfig(**settings)

    with pytest.raises(ConfigurationError) as refused:
        config.validate()

    assert str(refused.value) == text


@pytest.mark.parametrize(
    "name",
    ["max_poll_interval_ms", "max_poll_records", "fetch_max_wait_ms", "max_partition_fetch_bytes"],
)
def test_what_must_be_positive_is(name: str) -> None:
    settings: dict[str, Any] = {name: 0}
    config = KafkaConfig(**settings)

    with pytest.raises(ConfigurationError, match=rf"^kafka\.{name}: 0 is not allowed"):
        config.validate()


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_every_documented_way_to_sign_in_is_valid(protocol: str, mechanism: str) -> None:
    config = KafkaConfig(
        security_protocol=protocol,
        sasl_mechanism=mechanism,
        sasl_username="audit",
        sasl_password="secret",  # noqa: S106 - of a test
    )

    config.validate()


def test_without_topics_there_is_nothing_to_read() -> None:
    with pytest.raises(ConfigurationError) as refused:
        KafkaChangeSource(KafkaConfig())

    assert str(refused.value) == (
        "kafka.topics: there is nothing to read. Give kafka.topics, a list of names, or "
        r"kafka.topic_pattern, a regular expression such as shop\..*"
    )


def test_a_source_refuses_what_its_settings_refuse() -> None:
    config = KafkaConfig(topics=["orders"], enable_auto_commit=True)

    with pytest.raises(ConfigurationError, match="enable_auto_commit"):
        KafkaChangeSource(config)

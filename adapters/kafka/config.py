"""Settings of the Kafka client."""

import re
from collections.abc import Collection
from typing import Any

import msgspec

from domain.errors import ConfigurationError

LONGEST_METADATA_AGE_MS = 30_000
PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
ISOLATION_LEVELS = ("read_committed", "read_uncommitted")
ASSIGNMENTS = ("roundrobin", "range", "sticky")
RESETS = ("earliest", "latest")


class KafkaConfig(msgspec.Struct, kw_only=True):
    """
    How to reach Kafka and what to read.

    Attributes:
        bootstrap_servers: Broker addresses, ``host:port``.
        topics: Topics to read. Give these or `topic_pattern`.
        topic_pattern: Regular expression over topic names, matched at their beginning.
        group_id: Consumer group.
        group_instance_id: Static membership: a name for this process that outlives restarts.
        client_id: Name that the broker's logs show.
        auto_offset_reset: ``earliest`` or ``latest``: where to begin on partitions that exist
            when a trail without offsets first starts. Later ones are read from their beginning.
        enable_auto_commit: Refused when True: offsets are committed with the rows.
        session_timeout_ms: The broker gives our partitions away after this silence.
        heartbeat_interval_ms: How often we say that we live.
        max_poll_interval_ms: The client leaves the group if it is not polled for so long.
        max_poll_records: Most records of one `getmany`.
        consumer_timeout_ms: Longest that our poll waits for records.
        fetch_max_wait_ms: Longest that the broker holds a fetch back to fill it.
        max_partition_fetch_bytes: Most bytes of one partition in one fetch.
        isolation_level: ``read_committed`` leaves aborted changes out.
        partition_assignment: ``roundrobin``, ``range`` or ``sticky``.
        metadata_max_age_ms: How soon new topics and partitions are noticed; at most 30,000.
        security_protocol: ``PLAINTEXT``, ``SSL``, ``SASL_PLAINTEXT`` or ``SASL_SSL``.
        sasl_mechanism: ``PLAIN``, ``SCRAM-SHA-256`` or ``SCRAM-SHA-512``.
        sasl_username: User for SASL.
        sasl_password: Password for SASL. A secret.
        ssl_cafile: Certificates to trust, PEM; the system's where None.
        ssl_certfile: Our certificate, PEM.
        ssl_keyfile: Our key, PEM.
        ssl_check_hostname: Whether the broker's certificate must name its host.
    """

    bootstrap_servers: list[str] = msgspec.field(default_factory=lambda: ["localhost:29092"])
    topics: list[str] = []
    topic_pattern: str | None = None
    group_id: str = "cdc_audit_consumer"
    group_instance_id: str | None = None
    client_id: str = "cdc-audit"
    auto_offset_reset: str = "earliest"
    enable_auto_commit: bool = False
    session_timeout_ms: int = 30_000
    heartbeat_interval_ms: int = 3_000
    max_poll_interval_ms: int = 300_000
    max_poll_records: int = 500
    consumer_timeout_ms: int = 5_000
    fetch_max_wait_ms: int = 100
    max_partition_fetch_bytes: int = 4 * 1024 * 1024
    isolation_level: str = "read_committed"
    partition_assignment: str = "roundrobin"
    metadata_max_age_ms: int = 30_000
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str = "PLAIN"
    sasl_username: str | None = None
    sasl_password: str | None = None
    ssl_cafile: str | None = None
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    ssl_check_hostname: bool = True

    def validate(self) -> None:
        """
        Check what the types do not say.

        Raises:
            ConfigurationError: A value is wrong, or two do not fit each other.
        """
        if self.enable_auto_commit:
            raise ConfigurationError(
                "kafka.enable_auto_commit",
                "it is true. Offsets are committed in the database with the rows, so that nothing "
                "is lost or repeated; Kafka is told afterwards, for lag tools. Leave it false.",
            )
        self._validate_topics()
        _one_of("auto_offset_reset", self.auto_offset_reset, RESETS)
        _one_of("isolation_level", self.isolation_level, ISOLATION_LEVELS)
        _one_of("partition_assignment", self.partition_assignment, ASSIGNMENTS)
        self._validate_times()
        self._validate_security()

    def require_topics(self) -> None:
        """
        Check that there is something to read.

        Raises:
            ConfigurationError: Neither topics nor a pattern are given.
        """
        if not self.topics and not self.topic_pattern:
            raise ConfigurationError(
                "kafka.topics",
                "there is nothing to read. Give kafka.topics, a list of names, or "
                r"kafka.topic_pattern, a regular expression such as shop\..*",
            )

    def __repr__(self) -> str:
        return f"KafkaConfig({', '.join(f'{name}={v!r}' for name, v in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Give the fields as `repr` and rich show them: of the password, whether there is one."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        if self.sasl_password is not None:
            fields["sasl_password"] = "(hidden)"  # noqa: S105 - not one
        return list(fields.items())

    def _validate_topics(self) -> None:
        if not self.bootstrap_servers:
            raise ConfigurationError("kafka.bootstrap_servers", "it is empty. Give host:port.")
        if self.topics and self.topic_pattern:
            raise ConfigurationError(
                "kafka.topics", "kafka.topic_pattern is given too. Give one of the two."
            )
        try:
            re.compile(self.topic_pattern or "")
        except re.error as error:
            raise ConfigurationError(
                "kafka.topic_pattern",
                f"{self.topic_pattern!r} is not a regular expression: {error}.",
            ) from error

    def _validate_times(self) -> None:
        if not 0 < self.metadata_max_age_ms <= LONGEST_METADATA_AGE_MS:
            raise ConfigurationError(
                "kafka.metadata_max_age_ms",
                f"{self.metadata_max_age_ms} is not within 1 to {LONGEST_METADATA_AGE_MS}: new "
                "topics and partitions are to be noticed within half a minute.",
            )
        if self.heartbeat_interval_ms * 3 > self.session_timeout_ms:
            raise ConfigurationError(
                "kafka.heartbeat_interval_ms",
                f"{self.heartbeat_interval_ms} is more than a third of kafka.session_timeout_ms = "
                f"{self.session_timeout_ms}: two lost heartbeats would cost the partitions.",
            )
        for name in (
            "max_poll_interval_ms",
            "max_poll_records",
            "consumer_timeout_ms",
            "fetch_max_wait_ms",
            "max_partition_fetch_bytes",
        ):
            if getattr(self, name) <= 0:
                raise ConfigurationError(
                    f"kafka.{name}", f"{getattr(self, name)} is not allowed: it must be positive."
                )

    def _validate_security(self) -> None:
        _one_of("security_protocol", self.security_protocol, PROTOCOLS)
        if self.security_protocol.startswith("SASL_"):
            _one_of("sasl_mechanism", self.sasl_mechanism, MECHANISMS)
            for name in ("sasl_username", "sasl_password"):
                if not getattr(self, name):
                    raise ConfigurationError(
                        f"kafka.{name}", f"it is needed with {self.security_protocol}."
                    )
        if self.ssl_keyfile and not self.ssl_certfile:
            raise ConfigurationError(
                "kafka.ssl_keyfile", "it is given without kafka.ssl_certfile. Give both."
            )


def _one_of(name: str, value: str, allowed: Collection[str]) -> None:
    if value not in allowed:
        raise ConfigurationError(
            f"kafka.{name}", f"{value!r} is not allowed. Give one of: {', '.join(allowed)}."
        )

"""Settings of the Kafka client."""

import msgspec


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

-- Beside the trail: what is not a change, what could not be audited, what is learned later.

CREATE TABLE processing_error (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream_id integer NOT NULL REFERENCES kafka_stream,
    kafka_partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    topic text NOT NULL,
    kafka_timestamp timestamptz,
    raw_key bytea,
    raw_value bytea,
    raw_headers json,
    key_size bigint,
    value_size bigint,
    encryption_key_id text,
    error_type text NOT NULL,
    error_message text NOT NULL,
    accounted boolean NOT NULL DEFAULT false,
    retry_count integer NOT NULL DEFAULT 0 CHECK (retry_count >= 0),
    max_retries integer NOT NULL DEFAULT 3 CHECK (max_retries >= 0),
    next_retry_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    resolved_at timestamptz,
    resolution text,
    resolution_note text,
    UNIQUE (stream_id, kafka_partition, kafka_offset)
);
CREATE INDEX processing_error_open ON processing_error (next_retry_at, id)
WHERE resolved_at IS NULL;

COMMENT ON TABLE processing_error IS
    'Quarantine: records that could not be audited, with their bytes. Rows are never deleted.';
COMMENT ON COLUMN processing_error.id IS 'Number of the error.';
COMMENT ON COLUMN processing_error.stream_id IS 'Stream of the record.';
COMMENT ON COLUMN processing_error.kafka_partition IS 'Partition of the topic.';
COMMENT ON COLUMN processing_error.kafka_offset IS 'Offset in the partition.';
COMMENT ON COLUMN processing_error.topic IS 'Name of the topic.';
COMMENT ON COLUMN processing_error.kafka_timestamp IS 'The Kafka record''s timestamp.';
COMMENT ON COLUMN processing_error.raw_key IS 'Key bytes as they came; null for Kafka null.';
COMMENT ON COLUMN processing_error.raw_value IS
    'Value bytes as they came; null for Kafka null, or where value_size says they were not kept.';
COMMENT ON COLUMN processing_error.raw_headers IS
    'Headers as they came: [name, base64 of the value or null] pairs.';
COMMENT ON COLUMN processing_error.key_size IS 'Bytes of the key; null for Kafka null.';
COMMENT ON COLUMN processing_error.value_size IS 'Bytes of the value; null for Kafka null.';
COMMENT ON COLUMN processing_error.encryption_key_id IS
    'Key that raw_key, raw_value and raw_headers are encrypted with; null for plain bytes.';
COMMENT ON COLUMN processing_error.error_type IS 'Class of the error.';
COMMENT ON COLUMN processing_error.error_message IS 'What is wrong, and what to do.';
COMMENT ON COLUMN processing_error.accounted IS
    'Whether kafka_offset.quarantined counts it; false for errors that programs created.';
COMMENT ON COLUMN processing_error.retry_count IS 'How often it was retried.';
COMMENT ON COLUMN processing_error.max_retries IS 'How often it is retried at most.';
COMMENT ON COLUMN processing_error.next_retry_at IS 'Not retried before; null means at once.';
COMMENT ON COLUMN processing_error.created_at IS 'When it was quarantined.';
COMMENT ON COLUMN processing_error.resolved_at IS 'When it was resolved; null while open.';
COMMENT ON COLUMN processing_error.resolution IS
    'How: retried (the trail has its row now) or resolved (without a row).';
COMMENT ON COLUMN processing_error.resolution_note IS 'Why, in the words of who resolved it.';

CREATE TABLE control_message (
    stream_id integer NOT NULL,
    kafka_partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    kafka_timestamp timestamptz,
    kind text NOT NULL,
    source_name text,
    transaction_id text,
    record_key text,
    payload json,
    headers json,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (stream_id, kafka_partition, kafka_offset)
);
CREATE INDEX control_message_transaction ON control_message (transaction_id)
WHERE transaction_id IS NOT NULL;
CREATE INDEX control_message_time ON control_message USING brin (recorded_at);

COMMENT ON TABLE control_message IS
    'Records that carry no change and cannot come back: transaction boundaries, logical messages, '
    'schema changes, outbox, signals, notifications. Append-only.';
COMMENT ON COLUMN control_message.stream_id IS 'Stream; with the next two its identity.';
COMMENT ON COLUMN control_message.kafka_partition IS 'Partition of the topic.';
COMMENT ON COLUMN control_message.kafka_offset IS 'Offset in the partition.';
COMMENT ON COLUMN control_message.kafka_timestamp IS 'The Kafka record''s timestamp.';
COMMENT ON COLUMN control_message.kind IS 'transaction_begin, transaction_end, schema_change, ...';
COMMENT ON COLUMN control_message.source_name IS 'Debezium''s topic prefix, where it is named.';
COMMENT ON COLUMN control_message.transaction_id IS 'As in audit_logging.';
COMMENT ON COLUMN control_message.record_key IS
    'Canonical JSON of the record''s key; null without one. An outbox record''s is its aggregate.';
COMMENT ON COLUMN control_message.payload IS 'The message, exact text.';
COMMENT ON COLUMN control_message.headers IS 'Headers of the Kafka record, [name, value] pairs.';
COMMENT ON COLUMN control_message.recorded_at IS 'When it was stored.';

CREATE TABLE audit_gap (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL DEFAULT 'offsets',
    stream_id integer NOT NULL REFERENCES kafka_stream,
    kafka_partition integer NOT NULL,
    first_offset bigint NOT NULL,
    next_offset bigint NOT NULL CHECK (next_offset >= first_offset),
    cause text NOT NULL,
    evidence text NOT NULL,
    first_seen timestamptz NOT NULL DEFAULT clock_timestamp(),
    acknowledged_at timestamptz,
    acknowledged_by text,
    acknowledged_reason text,
    UNIQUE (stream_id, kafka_partition, first_offset, next_offset, cause)
);

COMMENT ON TABLE audit_gap IS 'Gaps: what is known not to be in the trail, and why.';
COMMENT ON COLUMN audit_gap.id IS 'Number of the gap.';
COMMENT ON COLUMN audit_gap.kind IS 'offsets (of Kafka), or source (changes that never came).';
COMMENT ON COLUMN audit_gap.stream_id IS 'Stream.';
COMMENT ON COLUMN audit_gap.kafka_partition IS 'Partition of the topic.';
COMMENT ON COLUMN audit_gap.first_offset IS 'First missing offset.';
COMMENT ON COLUMN audit_gap.next_offset IS
    'First offset after the gap; equal to first_offset where nobody can say how far it goes.';
COMMENT ON COLUMN audit_gap.cause IS
    'expired, compacted, remade_topic, restored_broker, operator_skip, corrupt; missing_changes '
    '(of the transaction whose END record is at that offset). Open gaps of '
    'every cause but compacted make health degraded.';
COMMENT ON COLUMN audit_gap.evidence IS 'What was seen, with the values.';
COMMENT ON COLUMN audit_gap.first_seen IS 'When it was found.';
COMMENT ON COLUMN audit_gap.acknowledged_at IS 'When somebody took note of it; null while open.';
COMMENT ON COLUMN audit_gap.acknowledged_by IS 'Who.';
COMMENT ON COLUMN audit_gap.acknowledged_reason IS 'Why it is acceptable, in their words.';

CREATE TABLE audit_redelivery (
    stream_id integer NOT NULL,
    kafka_partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    first_stream_id integer NOT NULL,
    first_kafka_partition integer NOT NULL,
    first_kafka_offset bigint NOT NULL,
    certainty text NOT NULL CHECK (certainty IN ('certain', 'possible')),
    evidence text,
    found_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (stream_id, kafka_partition, kafka_offset)
);

COMMENT ON TABLE audit_redelivery IS
    'Rows of the trail that the connector delivered again. audit_trail leaves certain ones out.';
COMMENT ON COLUMN audit_redelivery.stream_id IS 'Stream of the later row.';
COMMENT ON COLUMN audit_redelivery.kafka_partition IS 'Its partition.';
COMMENT ON COLUMN audit_redelivery.kafka_offset IS 'Its offset.';
COMMENT ON COLUMN audit_redelivery.first_stream_id IS 'Stream of the row that it repeats.';
COMMENT ON COLUMN audit_redelivery.first_kafka_partition IS 'Partition of that row.';
COMMENT ON COLUMN audit_redelivery.first_kafka_offset IS 'Offset of that row.';
COMMENT ON COLUMN audit_redelivery.certainty IS 'certain, or possible where in doubt.';
COMMENT ON COLUMN audit_redelivery.evidence IS 'Why it is thought so, with the values.';
COMMENT ON COLUMN audit_redelivery.found_at IS 'When it was found.';

CREATE TABLE audit_context (
    stream_id integer NOT NULL,
    kafka_partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    cluster_id text NOT NULL,
    source_name text NOT NULL,
    source_database text,
    transaction_id text NOT NULL,
    change_timestamp timestamptz NOT NULL,
    change_user text,
    context jsonb,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (stream_id, kafka_partition, kafka_offset)
);
CREATE INDEX audit_context_transaction ON audit_context (
    transaction_id, source_name, change_timestamp
);

COMMENT ON TABLE audit_context IS
    'Who and why for a source transaction, learned from a record beside the change.';
COMMENT ON COLUMN audit_context.stream_id IS 'Stream of the record that told it.';
COMMENT ON COLUMN audit_context.kafka_partition IS 'Its partition.';
COMMENT ON COLUMN audit_context.kafka_offset IS 'Its offset.';
COMMENT ON COLUMN audit_context.cluster_id IS 'Cluster of the transaction.';
COMMENT ON COLUMN audit_context.source_name IS 'Debezium''s topic prefix.';
COMMENT ON COLUMN audit_context.source_database IS 'Database; null where the record names none.';
COMMENT ON COLUMN audit_context.transaction_id IS 'As in audit_logging.';
COMMENT ON COLUMN audit_context.change_timestamp IS 'When, by the source''s clock: ids wrap.';
COMMENT ON COLUMN audit_context.change_user IS 'Who, in the application''s words.';
COMMENT ON COLUMN audit_context.context IS 'What else is known: request id, reason, ...';
COMMENT ON COLUMN audit_context.recorded_at IS 'When it was stored.';

CREATE TABLE audit_source (
    connector text,
    source_name text,
    source_database text,
    source_schema text,
    source_table text,
    columns text [] NOT NULL DEFAULT '{}',
    first_seen timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE NULLS NOT DISTINCT (
        connector, source_name, source_database, source_schema, source_table
    )
);

COMMENT ON TABLE audit_source IS 'Every source table that the trail has met.';
COMMENT ON COLUMN audit_source.connector IS 'As in audit_logging.';
COMMENT ON COLUMN audit_source.source_name IS 'As in audit_logging.';
COMMENT ON COLUMN audit_source.source_database IS 'As in audit_logging.';
COMMENT ON COLUMN audit_source.source_schema IS 'As in audit_logging.';
COMMENT ON COLUMN audit_source.source_table IS 'As in audit_logging.';
COMMENT ON COLUMN audit_source.columns IS 'Columns that rows of it had.';
COMMENT ON COLUMN audit_source.first_seen IS 'When the trail first met it.';

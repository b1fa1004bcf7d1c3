-- The trail. No column is ever updated after insert.

CREATE TABLE audit_logging (
    stream_id integer NOT NULL,
    kafka_partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    change_timestamp timestamptz NOT NULL,
    timestamp_source text,
    captured_at timestamptz,
    kafka_timestamp timestamptz,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    connector text,
    source_name text,
    source_database text,
    source_schema text,
    source_table text,
    operation text NOT NULL CONSTRAINT audit_logging_operation CHECK (
        operation IN (
            'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'SNAPSHOT', 'UPSERT', 'RANGE_DELETE'
        )
    ),
    record_key text,
    key_hash bigint,
    old_data json,
    new_data json,
    changed_columns text [],
    before_image text,
    value_notes json,
    transaction_id text,
    transaction_order bigint,
    collection_order bigint,
    lsn text,
    source_position text,
    source_metadata json,
    headers json,
    change_user text,
    decoder_version smallint,
    -- A unique index of a partitioned table must contain the partition key. change_timestamp is a
    -- function of the record alone, so a record that is read again meets its own entry.
    UNIQUE (stream_id, kafka_partition, kafka_offset, change_timestamp)
) PARTITION BY RANGE (change_timestamp);

CREATE INDEX audit_logging_key ON audit_logging (key_hash, change_timestamp);
CREATE INDEX audit_logging_transaction ON audit_logging (transaction_id)
WHERE transaction_id IS NOT NULL;
CREATE INDEX audit_logging_time ON audit_logging USING brin (change_timestamp);

COMMENT ON TABLE audit_logging IS
    'The trail: one row for each change of a source row. Append-only. Read it through audit_trail.';
COMMENT ON COLUMN audit_logging.stream_id IS 'Stream (kafka_stream); with the next two its identity.';
COMMENT ON COLUMN audit_logging.kafka_partition IS 'Partition of the topic.';
COMMENT ON COLUMN audit_logging.kafka_offset IS 'Offset in the partition.';
COMMENT ON COLUMN audit_logging.change_timestamp IS
    'When the source changed the row: the source''s clock, else the envelope''s, else Kafka''s. '
    'Never our clock.';
COMMENT ON COLUMN audit_logging.timestamp_source IS
    'Which clock change_timestamp was taken from: source, envelope, kafka.';
COMMENT ON COLUMN audit_logging.captured_at IS 'When the connector handled it (its clock).';
COMMENT ON COLUMN audit_logging.kafka_timestamp IS 'The Kafka record''s timestamp.';
COMMENT ON COLUMN audit_logging.recorded_at IS 'When this row was stored (the database''s clock).';
COMMENT ON COLUMN audit_logging.connector IS 'Kind of connector: postgresql, mysql, ...';
COMMENT ON COLUMN audit_logging.source_name IS 'Debezium''s topic prefix.';
COMMENT ON COLUMN audit_logging.source_database IS 'Database of the source table.';
COMMENT ON COLUMN audit_logging.source_schema IS 'Schema of the source table.';
COMMENT ON COLUMN audit_logging.source_table IS 'Bare name of the source table.';
COMMENT ON COLUMN audit_logging.operation IS
    'INSERT, UPDATE, DELETE, TRUNCATE; SNAPSHOT (a row read while bootstrapping, not a write); '
    'UPSERT (insert or update, the record does not say); RANGE_DELETE.';
COMMENT ON COLUMN audit_logging.record_key IS
    'Canonical JSON of the key; null for a table without one.';
COMMENT ON COLUMN audit_logging.key_hash IS
    'First 8 bytes of SHA-256 over source identity and record_key, for the index: compare '
    'record_key too.';
COMMENT ON COLUMN audit_logging.old_data IS 'The row before, exact text (json, not jsonb).';
COMMENT ON COLUMN audit_logging.new_data IS 'The row after, exact text (json, not jsonb).';
COMMENT ON COLUMN audit_logging.changed_columns IS
    'Columns whose value is known to differ; null when unknown.';
COMMENT ON COLUMN audit_logging.before_image IS
    'How far old_data can be trusted: complete, key (key columns only), invented, absent.';
COMMENT ON COLUMN audit_logging.value_notes IS
    'What must be said of a value, per column: unavailable, masked, hashed, truncated, undecoded, '
    'escaped, suspect.';
COMMENT ON COLUMN audit_logging.transaction_id IS
    'The connector''s own id of the transaction, fit for grouping (PostgreSQL: 32 bits, wraps).';
COMMENT ON COLUMN audit_logging.transaction_order IS 'Place in the transaction, from 1.';
COMMENT ON COLUMN audit_logging.collection_order IS
    'Place among the changes of one table in the transaction, from 1.';
COMMENT ON COLUMN audit_logging.lsn IS 'Position in the source''s log, as the source writes it.';
COMMENT ON COLUMN audit_logging.source_position IS
    'Sorts as text in the source''s order, where it has one.';
COMMENT ON COLUMN audit_logging.source_metadata IS 'The whole source block of the envelope.';
COMMENT ON COLUMN audit_logging.headers IS
    'Headers of the Kafka record, [name, value] pairs, but Debezium''s own constant ones.';
COMMENT ON COLUMN audit_logging.change_user IS 'Who made the change, where the event says so.';
COMMENT ON COLUMN audit_logging.decoder_version IS 'Version of the rules that made this row.';

-- What people query. SELECT * never fails: the workers decided jsonb-safety before they stored.

CREATE FUNCTION audit_transaction_window() RETURNS interval LANGUAGE sql IMMUTABLE
RETURN interval '7 days';

COMMENT ON FUNCTION audit_transaction_window() IS
    'How far apart two records of one transaction id may be: ids wrap.';

CREATE FUNCTION audit_context_of(
    cluster_id text, source_name text, source_database text, transaction_id text, at timestamptz
) RETURNS SETOF audit_context LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC -- names are bound now, and the planner can inline it
    SELECT c.*
    FROM audit_context AS c
    WHERE c.transaction_id = $4 AND c.source_name = $2 AND c.cluster_id = $1
        AND (c.source_database IS NULL OR c.source_database = $3)
        AND c.change_timestamp BETWEEN $5 - audit_transaction_window()
        AND $5 + audit_transaction_window()
    ORDER BY greatest(c.change_timestamp - $5, $5 - c.change_timestamp),
        c.stream_id, c.kafka_partition, c.kafka_offset
    LIMIT 1;
END;

COMMENT ON FUNCTION audit_context_of(text, text, text, text, timestamptz) IS
    'The context of a source transaction: the nearest in time with this identity.';

CREATE VIEW audit_trail AS
SELECT
    concat_ws('-', t.stream_id, t.kafka_partition, t.kafka_offset) AS id,
    t.change_timestamp,
    t.operation,
    t.source_database,
    t.source_schema,
    t.source_table,
    t.record_key,
    t.old_data::jsonb AS old_data,
    t.new_data::jsonb AS new_data,
    t.changed_columns,
    t.before_image,
    t.value_notes,
    coalesce(t.change_user, c.change_user) AS change_user,
    c.context,
    t.transaction_id,
    t.transaction_order,
    t.collection_order,
    t.connector,
    t.source_name,
    t.lsn,
    t.source_position,
    t.source_metadata,
    t.headers,
    t.timestamp_source,
    t.captured_at,
    t.kafka_timestamp,
    t.recorded_at,
    s.cluster_id,
    s.topic,
    s.incarnation,
    t.stream_id,
    t.kafka_partition,
    t.kafka_offset,
    t.key_hash,
    t.decoder_version
FROM audit_logging AS t
JOIN kafka_stream AS s ON s.stream_id = t.stream_id
LEFT JOIN LATERAL audit_context_of(
    s.cluster_id, t.source_name, t.source_database, t.transaction_id, t.change_timestamp
) AS c ON t.transaction_id IS NOT NULL
WHERE NOT EXISTS (
    SELECT FROM audit_redelivery AS r
    WHERE r.stream_id = t.stream_id AND r.kafka_partition = t.kafka_partition
        AND r.kafka_offset = t.kafka_offset AND r.certainty = 'certain'
);

COMMENT ON VIEW audit_trail IS
    'The trail for people: images as jsonb, context joined, redeliveries left out. Its order is '
    '(change_timestamp, stream_id, kafka_partition, kafka_offset).';
COMMENT ON COLUMN audit_trail.id IS 'The one id that people use: stream-partition-offset.';

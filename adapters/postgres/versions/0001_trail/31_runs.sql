-- Runs of connectors: where each begins in a stream partition, and how far it may repeat others.

CREATE TABLE audit_run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream_id integer NOT NULL,
    kafka_partition integer NOT NULL,
    first_offset bigint NOT NULL,
    run_id text,
    repeats_until text,
    remark text,
    first_seen timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (stream_id, kafka_partition, first_offset)
);
CREATE INDEX audit_run_id ON audit_run (stream_id, run_id);

COMMENT ON TABLE audit_run IS
    'Runs of connectors, as far as their records tell: a row where another run begins in a stream '
    'partition. Stored rows do not name their run; their offsets say which it was.';
COMMENT ON COLUMN audit_run.id IS 'Number; of two runs the one with the smaller number came before.';
COMMENT ON COLUMN audit_run.stream_id IS 'Stream.';
COMMENT ON COLUMN audit_run.kafka_partition IS 'Partition of the topic.';
COMMENT ON COLUMN audit_run.first_offset IS 'Offset of its first change.';
COMMENT ON COLUMN audit_run.run_id IS
    'The connector''s own id of the run (header __debezium.context.runId); null where its records '
    'do not say, and only went back in the source''s order.';
COMMENT ON COLUMN audit_run.repeats_until IS
    'Greatest source position of the runs before, in the stream: its changes up to there may be '
    'redeliveries. Null where there was none before.';
COMMENT ON COLUMN audit_run.remark IS
    'What is odd: the run went back in the source''s order with changes that are no repetitions, as '
    'after a failover, or with another source.';
COMMENT ON COLUMN audit_run.first_seen IS 'When it was found.';

CREATE FUNCTION audit_place(connector text, lsn text, source_position text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN connector = 'postgresql' THEN lsn ELSE source_position END;

COMMENT ON FUNCTION audit_place(text, text, text) IS
    'What stays the same of a change''s source position whenever it is delivered: the commit that '
    'source_position begins with may not be known to a connector of PostgreSQL that has just begun.';

CREATE FUNCTION audit_digest(content text) RETURNS text LANGUAGE sql STABLE
RETURN encode(sha256(convert_to(content, 'UTF8')), 'hex');

COMMENT ON FUNCTION audit_digest(text) IS 'SHA-256, for comparing long texts.';

CREATE FUNCTION audit_highest_before(
    for_stream integer, for_partition integer, before_offset bigint, for_run text
) RETURNS text LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    SELECT max(greatest(
        known.position COLLATE "C",
        -- A connector that has just begun knows no commit: it sends the row's own place for both.
        CASE WHEN known.connector = 'postgresql'
            THEN regexp_replace(known.position, '^.*/(.*)$', '\1/\1') END COLLATE "C"
    ))
    FROM (
        SELECT l.source_position AS position, l.connector
        FROM kafka_offset AS o
        CROSS JOIN LATERAL (
            SELECT t.source_position, t.connector
            FROM audit_logging AS t
            WHERE t.stream_id = o.stream_id AND t.kafka_partition = o.partition
                AND t.source_position IS NOT NULL
                AND t.kafka_offset < CASE WHEN o.partition = for_partition THEN before_offset
                    ELSE coalesce(
                        (SELECT min(r.first_offset) FROM audit_run AS r
                         WHERE r.stream_id = o.stream_id AND r.kafka_partition = o.partition
                             AND r.run_id = for_run),
                        9223372036854775807
                    ) END
            ORDER BY t.kafka_offset DESC LIMIT 1
        ) AS l
        -- Without a name a run of another partition cannot be told from this one: all that it has
        -- would be looked through for each row of a backlog, to find what is only possible.
        WHERE o.stream_id = for_stream AND (for_run IS NOT NULL OR o.partition = for_partition)
        UNION ALL
        SELECT r.repeats_until, NULL
        FROM audit_run AS r
        WHERE r.stream_id = for_stream AND r.kafka_partition = for_partition
            AND r.first_offset < before_offset
    ) AS known
$$;

COMMENT ON FUNCTION audit_highest_before(integer, integer, bigint, text) IS
    'How far in the source the runs before this one had come, in its stream.';

CREATE FUNCTION audit_went_back(
    for_stream integer, for_partition integer, run_offset bigint, from_offset bigint,
    to_offset bigint
) RETURNS boolean LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    SELECT min(t.change_timestamp) > (
        SELECT max(before.change_timestamp) FROM (
            SELECT b.change_timestamp FROM audit_logging AS b
            WHERE b.stream_id = for_stream AND b.kafka_partition = for_partition
                AND b.kafka_offset < run_offset
            ORDER BY b.kafka_offset DESC LIMIT 1000
        ) AS before
    )
    FROM audit_logging AS t
    WHERE t.stream_id = for_stream AND t.kafka_partition = for_partition
        AND t.kafka_offset >= from_offset AND t.kafka_offset < to_offset
$$;

COMMENT ON FUNCTION audit_went_back(integer, integer, bigint, bigint, bigint) IS
    'Whether all changes of an interval of offsets are newer than those before their run began.';

CREATE FUNCTION audit_deliveries(
    for_stream integer, for_partition integer, from_offset bigint, to_offset bigint, until text
) RETURNS TABLE (
    kafka_partition integer, kafka_offset bigint, run text, run_order bigint, has_run_id boolean,
    identity text, content text, transaction_order bigint, collection_order bigint,
    connector text, operation text, has_key boolean
) LANGUAGE sql STABLE
SET search_path FROM CURRENT
SET enable_nestloop = off -- the planner cannot know how many candidates there are
SET jit = off -- what is switched off seems dear enough to it
AS $$
    WITH candidate AS MATERIALIZED (
        SELECT DISTINCT t.change_timestamp, t.operation, t.record_key, t.key_hash,
            audit_place(t.connector, t.lsn, t.source_position) AS place
        FROM audit_logging AS t
        WHERE t.stream_id = for_stream AND t.kafka_partition = for_partition
            AND t.kafka_offset >= from_offset AND t.kafka_offset < to_offset
            AND t.timestamp_source = 'source' AND t.operation <> 'SNAPSHOT'
            AND t.source_position COLLATE "C" <= until COLLATE "C"
    ), candidate_with_key AS MATERIALIZED (
        SELECT * FROM candidate WHERE key_hash IS NOT NULL
    ), candidate_without_key AS MATERIALIZED (
        SELECT * FROM candidate WHERE key_hash IS NULL
    ), alike AS (
        SELECT t.*
        FROM candidate_with_key AS c
        JOIN audit_logging AS t
            ON t.key_hash = c.key_hash AND t.change_timestamp = c.change_timestamp
            AND t.record_key = c.record_key AND t.operation = c.operation
        WHERE t.stream_id = for_stream AND t.timestamp_source = 'source'
            AND t.change_timestamp BETWEEN (SELECT min(change_timestamp) FROM candidate_with_key)
            AND (SELECT max(change_timestamp) FROM candidate_with_key)
            AND audit_place(t.connector, t.lsn, t.source_position) = c.place
        UNION ALL
        SELECT t.*
        FROM candidate_without_key AS c
        JOIN audit_logging AS t
            ON t.change_timestamp = c.change_timestamp AND t.operation = c.operation
            AND audit_place(t.connector, t.lsn, t.source_position) = c.place
        WHERE t.stream_id = for_stream AND t.timestamp_source = 'source' AND t.key_hash IS NULL
            AND t.change_timestamp BETWEEN (SELECT min(change_timestamp) FROM candidate_without_key)
            AND (SELECT max(change_timestamp) FROM candidate_without_key)
    )
    SELECT a.kafka_partition, a.kafka_offset,
        coalesce(r.run_id, format('without id, from %s-%s-%s', r.stream_id, r.kafka_partition,
            r.first_offset), 'before the first that is known'),
        coalesce(
            (SELECT min(e.id) FROM audit_run AS e
             WHERE e.stream_id = for_stream AND e.run_id = r.run_id),
            r.id, 0
        ),
        r.run_id IS NOT NULL,
        audit_digest(row(a.source_name, a.source_database, a.source_schema, a.source_table, a.operation,
            a.record_key, a.transaction_id, a.change_timestamp,
            audit_place(a.connector, a.lsn, a.source_position))::text),
        audit_digest(row(a.old_data::text, a.new_data::text)::text),
        a.transaction_order, a.collection_order,
        a.connector, a.operation, a.record_key IS NOT NULL
    FROM alike AS a
    LEFT JOIN LATERAL (
        SELECT * FROM audit_run AS f
        WHERE f.stream_id = a.stream_id AND f.kafka_partition = a.kafka_partition
            AND f.first_offset <= a.kafka_offset
        ORDER BY f.first_offset DESC LIMIT 1
    ) AS r ON true
$$;

COMMENT ON FUNCTION audit_deliveries(integer, integer, bigint, bigint, text) IS
    'The rows of an interval of offsets whose source position is not above `until`, and every row '
    'of the stream that is the same change or one much like it, each with its run.';

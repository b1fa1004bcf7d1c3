-- Transactions of sources: what their END records and their rows say. Times are microseconds since
-- 1970, UTC.

CREATE FUNCTION audit_microseconds(at timestamptz) RETURNS bigint LANGUAGE sql STABLE
RETURN (extract(epoch FROM at) * 1000000)::bigint;
COMMENT ON FUNCTION audit_microseconds(timestamptz) IS 'Microseconds since 1970, UTC.';

CREATE FUNCTION audit_time(microseconds bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE
RETURN '1970-01-01+00'::timestamptz + microseconds * interval '1 microsecond';

COMMENT ON FUNCTION audit_time(bigint) IS 'The time so many microseconds after 1970 began, UTC.';

CREATE FUNCTION audit_ended_transactions(for_id text, since bigint, until bigint)
RETURNS TABLE (
    stream_id integer, kafka_partition integer, kafka_offset bigint, topic text, cluster_id text,
    source_name text, transaction_id text, ended_at bigint, recorded_at bigint, payload text
) LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    SELECT c.stream_id, c.kafka_partition, c.kafka_offset, s.topic, s.cluster_id, c.source_name,
        c.transaction_id, audit_microseconds(coalesce(c.kafka_timestamp, c.recorded_at)),
        audit_microseconds(c.recorded_at), c.payload::text
    FROM control_message AS c JOIN kafka_stream AS s ON s.stream_id = c.stream_id
    WHERE c.kind = 'transaction_end' AND c.transaction_id IS NOT NULL
        AND (for_id IS NULL OR c.transaction_id = for_id)
        AND c.recorded_at >= audit_time(since) AND c.recorded_at < audit_time(until)
$$;

COMMENT ON FUNCTION audit_ended_transactions(text, bigint, bigint) IS
    'END records that were stored in an interval: all, or those of one transaction id.';

CREATE FUNCTION audit_transaction_counts(
    ids text [], streams integer [], times bigint [], id_window interval
) RETURNS TABLE (
    number bigint, source_name text, source_database text, source_schema text, source_table text,
    rows_found bigint, orders bigint, highest bigint, last_position text
) LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    SELECT e.number, t.source_name, t.source_database, t.source_schema, t.source_table,
        count(*), count(DISTINCT t.collection_order), max(t.collection_order),
        max(t.source_position COLLATE "C")
    FROM unnest(ids, streams, times) WITH ORDINALITY AS e (id, stream_id, at, number)
    JOIN kafka_stream AS own ON own.stream_id = e.stream_id
    JOIN audit_logging AS t ON t.transaction_id = e.id
        AND t.change_timestamp
        BETWEEN audit_time(e.at) - id_window
        AND audit_time(e.at) + id_window
    JOIN kafka_stream AS s ON s.stream_id = t.stream_id AND s.cluster_id = own.cluster_id
    WHERE t.collection_order IS NOT NULL AND NOT EXISTS (
        SELECT FROM audit_redelivery AS r
        WHERE r.stream_id = t.stream_id AND r.kafka_partition = t.kafka_partition
            AND r.kafka_offset = t.kafka_offset AND r.certainty = 'certain'
    )
    GROUP BY e.number, t.source_name, t.source_database, t.source_schema, t.source_table
$$;

COMMENT ON FUNCTION audit_transaction_counts(text [], integer [], bigint [], interval) IS
    'What the trail has of transactions, by their number in `ids`, for each of their tables.';

CREATE FUNCTION audit_transaction_boundaries(
    ids text [], streams integer [], times bigint [], id_window interval
) RETURNS TABLE (number bigint, begins bigint, ends bigint) LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    SELECT e.number, count(*) FILTER (WHERE c.kind = 'transaction_begin'),
        count(*) FILTER (WHERE c.kind = 'transaction_end')
    FROM unnest(ids, streams, times) WITH ORDINALITY AS e (id, stream_id, at, number)
    JOIN control_message AS c ON c.transaction_id = e.id AND c.stream_id = e.stream_id
        AND coalesce(c.kafka_timestamp, c.recorded_at)
        BETWEEN audit_time(e.at) - id_window
        AND audit_time(e.at) + id_window
    WHERE c.kind IN ('transaction_begin', 'transaction_end')
    GROUP BY e.number
$$;

COMMENT ON FUNCTION audit_transaction_boundaries(text [], integer [], bigint [], interval) IS
    'How many BEGIN and END records transactions have, by their number in `ids`.';

CREATE FUNCTION audit_partition_standings() RETURNS TABLE (
    stream_id integer, kafka_partition integer, topic text, cluster_id text, source_name text,
    next_offset bigint, last_position text, skipped bigint, quarantined_from bigint,
    quarantined_until bigint, gap_seen bigint
) LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    SELECT o.stream_id, o.partition, s.topic, s.cluster_id, l.source_name, o.next_offset,
        l.source_position, o.skipped,
        audit_microseconds(q.first_at), audit_microseconds(q.last_at),
        (SELECT audit_microseconds(max(g.first_seen)) FROM audit_gap AS g
         WHERE g.stream_id = o.stream_id AND g.kafka_partition = o.partition
             AND g.kind = 'offsets')
    FROM kafka_offset AS o
    JOIN kafka_stream AS s ON s.stream_id = o.stream_id
    CROSS JOIN LATERAL (
        SELECT t.source_name, t.source_position FROM audit_logging AS t
        WHERE t.stream_id = o.stream_id AND t.kafka_partition = o.partition
            AND t.source_position IS NOT NULL
        ORDER BY t.kafka_offset DESC LIMIT 1
    ) AS l
    LEFT JOIN LATERAL (
        SELECT min(coalesce(p.kafka_timestamp, p.created_at)) AS first_at,
            max(coalesce(p.kafka_timestamp, p.created_at)) AS last_at
        FROM processing_error AS p
        WHERE p.stream_id = o.stream_id AND p.kafka_partition = o.partition
            AND p.accounted AND p.resolution IS DISTINCT FROM 'retried'
    ) AS q ON true
    WHERE s.cluster_id <> 'cdc-audit' AND l.source_name IS NOT NULL AND NOT EXISTS (
        SELECT FROM kafka_stream AS later
        WHERE later.cluster_id = s.cluster_id AND later.topic = s.topic
            AND later.incarnation > s.incarnation
    )
$$;

COMMENT ON FUNCTION audit_partition_standings() IS
    'How far each stream partition with rows has been read, and what is known to lack there.';

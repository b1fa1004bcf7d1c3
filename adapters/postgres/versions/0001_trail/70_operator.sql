-- What an operator decides, as functions: each records what it does.

CREATE FUNCTION audit_new_incarnation(for_cluster_id text, for_topic text) RETURNS integer
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    old_stream kafka_stream;
    new_stream integer;
BEGIN
    SELECT * INTO old_stream FROM kafka_stream
    WHERE cluster_id = for_cluster_id AND topic = for_topic
    ORDER BY incarnation DESC LIMIT 1 FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the trail has no topic % of cluster %', for_topic, for_cluster_id;
    END IF;
    INSERT INTO audit_gap
        (stream_id, kafka_partition, first_offset, next_offset, cause, evidence)
    SELECT o.stream_id, o.partition, o.next_offset, o.next_offset, 'restored_broker',
        format('an operator (%s) ended this stream at offset %s and began a new one: whether it '
            'had records from there on is not known', session_user, o.next_offset)
    FROM kafka_offset AS o WHERE o.stream_id = old_stream.stream_id
    ON CONFLICT DO NOTHING;
    INSERT INTO kafka_stream (cluster_id, topic, incarnation)
    VALUES (for_cluster_id, for_topic, old_stream.incarnation + 1)
    RETURNING stream_id INTO new_stream;
    RETURN new_stream;
END
$$;

COMMENT ON FUNCTION audit_new_incarnation(text, text) IS
    'Ends the stream of a topic that was made again or restored, and begins a new one, which is '
    'read from the beginning of its log. Records a gap.';

CREATE FUNCTION audit_take_over(from_group text, to_group text) RETURNS integer LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    taken integer;
BEGIN
    UPDATE kafka_offset SET consumer_group = to_group WHERE consumer_group = from_group;
    GET DIAGNOSTICS taken = ROW_COUNT;
    RETURN taken;
END
$$;

COMMENT ON FUNCTION audit_take_over(text, text) IS
    'Gives all partitions of one consumer group to another, and tells how many. Stop the first.';

REVOKE ALL ON FUNCTION audit_new_incarnation(text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION audit_take_over(text, text) FROM PUBLIC;

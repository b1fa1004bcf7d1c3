-- The ledger of gaps: what is found is never changed, and each is acknowledged once.

CREATE INDEX audit_gap_open ON audit_gap (id)
WHERE acknowledged_at IS NULL AND cause <> 'compacted';

ALTER TABLE audit_gap ADD CONSTRAINT audit_gap_acknowledged CHECK (
    num_nulls(acknowledged_at, acknowledged_by, acknowledged_reason) IN (0, 3)
);

CREATE FUNCTION audit_refuse_gap_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF old.acknowledged_at IS NOT NULL THEN
        RAISE EXCEPTION 'gap % was acknowledged by % before: that stays', old.id,
            old.acknowledged_by
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (new.id, new.kind, new.stream_id, new.kafka_partition, new.first_offset, new.next_offset,
            new.cause, new.evidence, new.first_seen)
        IS DISTINCT FROM (old.id, old.kind, old.stream_id, old.kafka_partition, old.first_offset,
            old.next_offset, old.cause, old.evidence, old.first_seen) THEN
        RAISE EXCEPTION 'gap % stays as it was found: it can only be acknowledged', old.id
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN new;
END
$$;

COMMENT ON FUNCTION audit_refuse_gap_change() IS
    'Lets a gap be acknowledged, once, and nothing else of it be changed.';

CREATE TRIGGER audit_refuse_gap_change BEFORE UPDATE ON audit_gap
FOR EACH ROW EXECUTE FUNCTION audit_refuse_gap_change();
ALTER TABLE audit_gap ENABLE ALWAYS TRIGGER audit_refuse_gap_change;

CREATE FUNCTION audit_skip(
    for_stream integer, for_partition integer, to_offset bigint, for_cause text, because text
) RETURNS bigint LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    stands bigint;
    gap bigint;
BEGIN
    SELECT next_offset INTO STRICT stands FROM kafka_offset
    WHERE stream_id = for_stream AND partition = for_partition FOR UPDATE;
    IF to_offset <= stands THEN
        RAISE EXCEPTION 'the trail is at offset % already', stands;
    END IF;
    INSERT INTO audit_gap
        (stream_id, kafka_partition, first_offset, next_offset, cause, evidence)
    VALUES (for_stream, for_partition, stands, to_offset, for_cause,
        format('an operator (%s) moved the trail from offset %s to %s: %s', session_user, stands,
            to_offset, because))
    RETURNING id INTO gap;
    UPDATE kafka_offset
    SET absent = absent + to_offset - next_offset, next_offset = to_offset,
        moved_at = clock_timestamp()
    WHERE stream_id = for_stream AND partition = for_partition;
    RETURN gap;
END
$$;

COMMENT ON FUNCTION audit_skip(integer, integer, bigint, text, text) IS
    'Moves a stream partition forward by an operator''s order, and records that as a gap. No '
    'service may write the partition meanwhile.';

REVOKE ALL ON FUNCTION audit_skip(integer, integer, bigint, text, text) FROM PUBLIC;

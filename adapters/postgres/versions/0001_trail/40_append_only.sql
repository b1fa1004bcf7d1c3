-- What was stored stays as it was. ENABLE ALWAYS: session_replication_role opens no way around.

CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: what the audit trail holds is never changed or deleted',
        TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;

COMMENT ON FUNCTION audit_refuse_change() IS 'Refuses the statement that fired it.';

DO $$
DECLARE
    refusal record;
BEGIN
    FOR refusal IN
        SELECT * FROM (VALUES
            ('audit_logging', 'audit_refuse_change', 'UPDATE OR DELETE', 'ROW'),
            ('audit_logging', 'audit_refuse_truncate', 'TRUNCATE', 'STATEMENT'),
            ('control_message', 'audit_refuse_change', 'UPDATE OR DELETE', 'ROW'),
            ('control_message', 'audit_refuse_truncate', 'TRUNCATE', 'STATEMENT'),
            ('processing_error', 'audit_refuse_change', 'DELETE', 'ROW'),
            ('processing_error', 'audit_refuse_truncate', 'TRUNCATE', 'STATEMENT'),
            ('audit_run', 'audit_refuse_change', 'UPDATE OR DELETE', 'ROW'),
            ('audit_run', 'audit_refuse_truncate', 'TRUNCATE', 'STATEMENT'),
            ('audit_context', 'audit_refuse_change', 'UPDATE OR DELETE', 'ROW'),
            ('audit_context', 'audit_refuse_truncate', 'TRUNCATE', 'STATEMENT'),
            -- Looking for redeliveries again removes marks; it never changes one.
            ('audit_redelivery', 'audit_refuse_change', 'UPDATE', 'ROW'),
            ('audit_redelivery', 'audit_refuse_truncate', 'TRUNCATE', 'STATEMENT'),
            ('audit_source', 'audit_refuse_change', 'DELETE', 'ROW'),
            ('audit_source', 'audit_refuse_truncate', 'TRUNCATE', 'STATEMENT'),
            ('audit_state', 'audit_refuse_change', 'DELETE', 'ROW'),
            ('audit_state', 'audit_refuse_truncate', 'TRUNCATE', 'STATEMENT'),
            ('audit_gap', 'audit_refuse_change', 'DELETE', 'ROW'),
            ('audit_gap', 'audit_refuse_truncate', 'TRUNCATE', 'STATEMENT'),
            ('kafka_offset', 'audit_refuse_change', 'DELETE', 'ROW'),
            ('kafka_offset', 'audit_refuse_truncate', 'TRUNCATE', 'STATEMENT'),
            ('kafka_stream', 'audit_refuse_change', 'DELETE', 'ROW'),
            ('kafka_stream', 'audit_refuse_truncate', 'TRUNCATE', 'STATEMENT')
        ) AS r (relation, name, events, level)
    LOOP
        EXECUTE format(
            'CREATE TRIGGER %I BEFORE %s ON %I FOR EACH %s EXECUTE FUNCTION audit_refuse_change()',
            refusal.name, refusal.events, refusal.relation, refusal.level
        );
        EXECUTE format(
            'ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', refusal.relation, refusal.name
        );
    END LOOP;
END
$$;

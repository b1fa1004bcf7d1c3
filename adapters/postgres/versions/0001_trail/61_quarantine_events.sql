-- What happened to entries of the quarantine, and which of them are due.

CREATE TABLE processing_error_event (
    error_id bigint NOT NULL REFERENCES processing_error,
    happened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind text NOT NULL CHECK (kind IN ('quarantined', 'failed', 'retried', 'resolved')),
    actor text NOT NULL DEFAULT session_user,
    error_type text,
    message text
);
CREATE INDEX processing_error_event_entry ON processing_error_event (error_id, happened_at);

-- Entries that have failed too often are not looked at again every few seconds.
CREATE INDEX processing_error_due ON processing_error (coalesce(next_retry_at, created_at))
WHERE resolved_at IS NULL AND retry_count < max_retries;

COMMENT ON TABLE processing_error_event IS
    'What happened to the entries of the quarantine. Append-only. How an entry got there is added '
    'with its first retry; before, the entry itself tells.';
COMMENT ON COLUMN processing_error_event.error_id IS 'The entry (processing_error).';
COMMENT ON COLUMN processing_error_event.happened_at IS 'When.';
COMMENT ON COLUMN processing_error_event.kind IS
    'quarantined; failed (a retry); retried (the record is in its place now); resolved (without).';
COMMENT ON COLUMN processing_error_event.actor IS 'User of the database.';
COMMENT ON COLUMN processing_error_event.error_type IS 'Class of the error, where there was one.';
COMMENT ON COLUMN processing_error_event.message IS 'What was wrong, or the reason that was given.';

CREATE TRIGGER audit_refuse_change BEFORE UPDATE OR DELETE ON processing_error_event
FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE processing_error_event ENABLE ALWAYS TRIGGER audit_refuse_change;
CREATE TRIGGER audit_refuse_truncate BEFORE TRUNCATE ON processing_error_event
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE processing_error_event ENABLE ALWAYS TRIGGER audit_refuse_truncate;

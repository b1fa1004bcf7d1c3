-- Sessions of the page that somebody ended: for every process of the service, whatever its copy
-- of a cookie says. A row that went would open a session again, so none does.

CREATE TABLE ended_session (
    session_hash bytea PRIMARY KEY,
    ended_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON TABLE ended_session IS
    'Sessions of the page that were logged out before their time. Append-only.';
COMMENT ON COLUMN ended_session.session_hash IS
    'SHA-256 of the secret of the session, which is 256 random bits.';
COMMENT ON COLUMN ended_session.ended_at IS 'When somebody logged out.';

CREATE TRIGGER audit_refuse_change BEFORE UPDATE OR DELETE ON ended_session
FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_refuse_truncate BEFORE TRUNCATE ON ended_session
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE ended_session ENABLE ALWAYS TRIGGER audit_refuse_change;
ALTER TABLE ended_session ENABLE ALWAYS TRIGGER audit_refuse_truncate;

-- Who may look at the trail, and who did.

CREATE TABLE access_token (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('reader', 'operator', 'admin')),
    tables text [] NOT NULL DEFAULT '{}',
    secret_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    last_used_at timestamptz
);

COMMENT ON TABLE access_token IS
    'Tokens for the page and the API. Of a secret only its hash is kept.';
COMMENT ON COLUMN access_token.id IS 'Number of the token.';
COMMENT ON COLUMN access_token.name IS 'Who or what it is for.';
COMMENT ON COLUMN access_token.role IS 'reader, operator or admin.';
COMMENT ON COLUMN access_token.tables IS 'Patterns of the tables that it shows; empty: all.';
COMMENT ON COLUMN access_token.secret_hash IS 'SHA-256 of the secret, which is 256 random bits.';
COMMENT ON COLUMN access_token.created_at IS 'When it was made.';
COMMENT ON COLUMN access_token.expires_at IS 'When it ends.';
COMMENT ON COLUMN access_token.revoked_at IS 'When it was revoked; null if it was not.';
COMMENT ON COLUMN access_token.last_used_at IS 'When it was last used, to the minute.';

CREATE TABLE access_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    looked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    who text NOT NULL,
    via text NOT NULL,
    address text,
    action text NOT NULL,
    query text NOT NULL,
    status integer NOT NULL,
    row_count bigint
);
CREATE INDEX access_log_time ON access_log USING brin (looked_at);

COMMENT ON TABLE access_log IS
    'Every look at the trail by page, API or command line. Append-only.';
COMMENT ON COLUMN access_log.id IS 'Number of the look.';
COMMENT ON COLUMN access_log.looked_at IS 'When.';
COMMENT ON COLUMN access_log.who IS 'Name of the token, or of the person.';
COMMENT ON COLUMN access_log.via IS 'How they were known: open, token, session, oidc, proxy, dsn.';
COMMENT ON COLUMN access_log.address IS 'Network address that they came from.';
COMMENT ON COLUMN access_log.action IS 'What they did: GET /api/v1/changes.';
COMMENT ON COLUMN access_log.query IS 'What they asked for.';
COMMENT ON COLUMN access_log.status IS 'Status of the answer.';
COMMENT ON COLUMN access_log.row_count IS
    'Rows that the answer had; null at the beginning of a stream, whose end has its own row.';

DO $$
DECLARE
    refusal record;
BEGIN
    FOR refusal IN
        SELECT * FROM (VALUES
            ('access_log', 'audit_refuse_change', 'UPDATE OR DELETE', 'ROW'),
            ('access_log', 'audit_refuse_truncate', 'TRUNCATE', 'STATEMENT'),
            ('access_token', 'audit_refuse_change', 'DELETE', 'ROW'),
            ('access_token', 'audit_refuse_truncate', 'TRUNCATE', 'STATEMENT')
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

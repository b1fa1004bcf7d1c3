-- What an operator orders about topics; the service looks here every few seconds.

CREATE TABLE topic_order (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    reason text,
    ordered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ordered_by text NOT NULL DEFAULT session_user,
    ends_at timestamptz,
    ended_at timestamptz,
    ended_by text
);
CREATE UNIQUE INDEX topic_order_one ON topic_order (topic) WHERE ended_at IS NULL;

COMMENT ON TABLE topic_order IS
    'Orders to quarantine whatever fails of a topic, instead of holding the topic.';
COMMENT ON COLUMN topic_order.id IS 'Number of the order.';
COMMENT ON COLUMN topic_order.topic IS 'Name of the topic.';
COMMENT ON COLUMN topic_order.reason IS 'Why, in the words of who gave it.';
COMMENT ON COLUMN topic_order.ordered_at IS 'When it was given.';
COMMENT ON COLUMN topic_order.ordered_by IS 'Who gave it: user of the database.';
COMMENT ON COLUMN topic_order.ends_at IS 'When it ends by itself; null for never.';
COMMENT ON COLUMN topic_order.ended_at IS 'When it was ended, or replaced by another one.';
COMMENT ON COLUMN topic_order.ended_by IS 'Who ended it: user of the database.';

CREATE TRIGGER audit_refuse_change BEFORE DELETE ON topic_order
FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE topic_order ENABLE ALWAYS TRIGGER audit_refuse_change;
CREATE TRIGGER audit_refuse_truncate BEFORE TRUNCATE ON topic_order
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE topic_order ENABLE ALWAYS TRIGGER audit_refuse_truncate;

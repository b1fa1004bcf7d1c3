-- The source's own account of every change, to hold the trail against. Debezium does not see it:
-- it is written by triggers and read back as text, so that it shares nothing with the way of a
-- record but the database itself.

CREATE SCHEMA truth;

CREATE TABLE truth.history (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    relation    text NOT NULL,
    operation   text NOT NULL,   -- INSERT, UPDATE, DELETE, TRUNCATE; SNAPSHOT: was there before
    old_row     json,            -- column to column::text
    new_row     json,
    transaction text NOT NULL,   -- 32 bits of it, as Debezium has it
    clock       timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- One SELECT list, `column::text` for each column, that makes a row a JSON object of texts.
CREATE FUNCTION truth.columns_as_text(relation oid) RETURNS text STABLE LANGUAGE sql AS $$
    SELECT 'json_build_object('
        || string_agg(format('%L, ($1).%I::text', attname, attname), ', ' ORDER BY attnum) || ')'
    FROM pg_attribute
    WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped
$$;

CREATE FUNCTION truth.remember() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO' AS $$
DECLARE
    as_text text := 'SELECT ' || truth.columns_as_text(TG_RELID);
    old_row json;
    new_row json;
BEGIN
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        EXECUTE as_text INTO old_row USING OLD;
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        EXECUTE as_text INTO new_row USING NEW;
    END IF;
    INSERT INTO truth.history (relation, operation, old_row, new_row, transaction)
    VALUES (TG_TABLE_NAME, TG_OP, old_row, new_row, pg_current_xact_id()::xid::text);
    RETURN NULL;
END
$$;

-- Begin with what is there, then remember every change of every table in `public`.
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1 LOOP
        EXECUTE format(
            'INSERT INTO truth.history (relation, operation, new_row, transaction)
             SELECT %L, ''SNAPSHOT'', r, pg_current_xact_id()::xid::text
             FROM (SELECT %s AS r FROM public.%I AS t) AS rows',
            name, replace(truth.columns_as_text(format('public.%I', name)::regclass), '($1)', 't'),
            name);
        EXECUTE format(
            'CREATE TRIGGER remember AFTER INSERT OR UPDATE OR DELETE ON public.%I
             FOR EACH ROW EXECUTE FUNCTION truth.remember()', name);
        EXECUTE format(
            'CREATE TRIGGER remember_truncate AFTER TRUNCATE ON public.%I
             FOR EACH STATEMENT EXECUTE FUNCTION truth.remember()', name);
    END LOOP;
END
$$;

-- Partitions of the trail, made ahead and on demand. An insert-only role cannot make tables: these
-- functions run with their owner's rights, on a search_path that no caller can change.

CREATE FUNCTION audit_partitions() RETURNS TABLE (
    name name, lower_bound timestamptz, upper_bound timestamptz
) LANGUAGE sql STABLE
SET search_path FROM CURRENT
SET timezone = 'UTC'
SET datestyle = 'ISO, YMD'
AS $$
    SELECT c.relname, bound[1]::timestamptz, bound[2]::timestamptz
    FROM pg_inherits AS i
    JOIN pg_class AS c ON c.oid = i.inhrelid,
        regexp_match(
            pg_get_expr(c.relpartbound, c.oid), 'FROM \(''([^'']+)''\) TO \(''([^'']+)''\)'
        ) AS bound
    WHERE i.inhparent = 'audit_logging'::regclass
$$;

COMMENT ON FUNCTION audit_partitions() IS 'The partitions of the trail with their bounds.';

CREATE FUNCTION audit_make_partition(at timestamptz, unit text) RETURNS name LANGUAGE plpgsql
SET search_path FROM CURRENT
SET timezone = 'UTC'
SET datestyle = 'ISO, YMD'
AS $$
DECLARE
    lower_end timestamptz := date_trunc(unit, at);
    upper_end timestamptz := lower_end + ('1 ' || unit)::interval;
    base text := 'audit_logging_'
        || to_char(lower_end, CASE unit WHEN 'year' THEN 'YYYY' WHEN 'month' THEN 'YYYY_MM'
                              ELSE 'YYYY_MM_DD' END);
    name text := base;
    copies integer := 1;
BEGIN
    IF unit <> 'day' AND EXISTS (
        SELECT FROM audit_partitions() AS p
        WHERE p.lower_bound < upper_end AND p.upper_bound > lower_end
    ) THEN -- it was cut finer before: fill the holes by day
        RETURN audit_make_partition(at, 'day');
    END IF;
    WHILE to_regclass(format('%I', name)) IS NOT NULL LOOP -- one that was detached and kept
        copies := copies + 1;
        name := base || '_' || copies;
    END LOOP;
    -- Not CREATE TABLE ... PARTITION OF: that takes ACCESS EXCLUSIVE on the trail, while ATTACH
    -- lets others read and write.
    -- What vacuum has not seen is not summarized in the BRIN index, and every search by time reads
    -- it whole: it comes after so many rows, not after a fifth of the table.
    EXECUTE format(
        'CREATE TABLE %I (LIKE audit_logging INCLUDING ALL) WITH ('
        'autovacuum_vacuum_insert_threshold = 100000, autovacuum_vacuum_insert_scale_factor = 0)',
        name
    );
    EXECUTE format(
        'ALTER TABLE %I ADD CONSTRAINT %I CHECK (change_timestamp >= %L AND change_timestamp < %L)',
        name, name || '_range', lower_end, upper_end
    );
    -- Statement triggers are not cloned.
    EXECUTE format(
        'CREATE TRIGGER audit_refuse_truncate BEFORE TRUNCATE ON %I '
        'FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()', name
    );
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER audit_refuse_truncate', name);
    EXECUTE format(
        'ALTER TABLE audit_logging ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        name, lower_end, upper_end
    );
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER audit_refuse_change', name);
    RETURN name;
END
$$;

COMMENT ON FUNCTION audit_make_partition(timestamptz, text) IS
    'Makes the partition of the trail that holds `at`. For audit_ensure_partitions.';

CREATE FUNCTION audit_ensure_partitions(days integer []) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER
SET search_path FROM CURRENT
SET timezone = 'UTC'
AS $$
DECLARE
    unit text;
    at timestamptz;
    made integer := 0;
    locked boolean := false;
BEGIN
    SELECT partition_by INTO STRICT unit FROM audit_state;
    FOR at IN
        SELECT DISTINCT 'epoch'::timestamptz + d * interval '1 day' AS day
        FROM unnest(days) AS d ORDER BY day
    LOOP
        IF EXISTS (
            SELECT FROM audit_partitions() AS p WHERE p.lower_bound <= at AND p.upper_bound > at
        ) THEN
            CONTINUE;
        END IF;
        IF NOT locked THEN
            PERFORM pg_advisory_xact_lock(
                hashtextextended('cdc-audit partitions ' || current_schema(), 0)
            );
            locked := true;
            IF EXISTS ( -- another session was faster
                SELECT FROM audit_partitions() AS p WHERE p.lower_bound <= at AND p.upper_bound > at
            ) THEN
                CONTINUE;
            END IF;
        END IF;
        PERFORM audit_make_partition(at, unit);
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;

COMMENT ON FUNCTION audit_ensure_partitions(integer []) IS
    'Makes the partitions that hold these days (since 1970, UTC), and tells how many were missing.';

CREATE FUNCTION audit_days_ahead() RETURNS integer [] LANGUAGE sql STABLE
SET search_path FROM CURRENT
SET timezone = 'UTC'
AS $$
    SELECT ARRAY[
        current_date - DATE '1970-01-01',
        (current_date + ('1 ' || partition_by)::interval)::date - DATE '1970-01-01'
    ]
    FROM audit_state
$$;

COMMENT ON FUNCTION audit_days_ahead() IS
    'A day of the current and a day of the next partition, by the database''s clock.';

REVOKE ALL ON FUNCTION audit_make_partition(timestamptz, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION audit_ensure_partitions(integer []) FROM PUBLIC;

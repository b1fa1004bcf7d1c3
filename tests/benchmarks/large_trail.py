"""
A trail of years: a row every so often, 60 monthly partitions, keys with a history of 20 changes.

Some busy keys have a thousand. The database makes the rows itself: what is measured is how it finds
them, and adds to them.
"""

import time

import psycopg
from psycopg import sql

from adapters.postgres.config import DatabaseConfig
from tests.benchmarks.rig import Rig, make_partitions

MONTHS = 60
TABLES = 50
CHANGES_OF_A_KEY = 20
CHANGES_OF_A_BUSY_KEY = 1_000
ONE_OF_BUSY_KEYS_IN = 100
"""So many rows of other keys come to one of a busy one."""
RARE = "audit_flags"
ONE_IN = 10_000
"""So many rows of other tables come to one of the rare one."""

_SECONDS_PER_DAY = 86_400
_DAYS_PER_MONTH = 30.4375
_AT_ONCE = 250_000

_STREAM = """
WITH made AS (
    INSERT INTO kafka_stream (cluster_id, topic) VALUES ('bench', 'shop') RETURNING stream_id
)
INSERT INTO kafka_offset (stream_id, partition, first_offset, next_offset, audited)
SELECT stream_id, 0, 0, %(rows)s, %(rows)s FROM made RETURNING stream_id
"""
_SOURCES = """
INSERT INTO audit_source (
    connector, source_name, source_database, source_schema, source_table, columns
)
SELECT 'postgresql', 'shop', 'shop', 'public', name,
    ARRAY['amount', 'customer', 'id', 'note', 'paid', 'quantity', 'status']
FROM (
    SELECT 'table_' || n FROM generate_series(0, %(tables)s::integer - 1) AS n
    UNION ALL
    SELECT %(rare)s
) AS names (name)
"""
# The hash is that of `domain.record_key`.
_ROWS = """
INSERT INTO audit_logging (
    stream_id, kafka_partition, kafka_offset, change_timestamp, timestamp_source, captured_at,
    kafka_timestamp, connector, source_name, source_database, source_schema, source_table,
    operation, record_key, key_hash, old_data, new_data, changed_columns, before_image,
    transaction_id, lsn, source_position, source_metadata, decoder_version
)
SELECT %(stream)s, 0, n, at, 'source', at, at, 'postgresql', 'shop', 'shop', 'public', tab,
    'UPDATE', key,
    ('x' || encode(substr(sha256(convert_to(
        '["postgresql","shop","shop","public","' || tab || '",' || key || ']', 'UTF8'
    )), 1, 8), 'hex'))::bit(64)::bigint,
    row::json, replace(row, '"placed"', '"paid"')::json, ARRAY['status'], 'complete',
    (n / 3)::text, '0/16E9058', lpad(n::text, 20, '0'), metadata::json, 1
FROM (
    SELECT n, to_timestamp(%(from)s + n * %(step)s) AS at,
        CASE WHEN n %% %(one_in)s = 0 THEN %(rare)s
             ELSE 'table_' || id %% %(tables)s END AS tab,
        '{"id":' || id || '}' AS key,
        '{"id":' || id || ',"customer":"customer ' || n %% 997
        || '","status":"placed","amount":"12.90","quantity":3,"paid":false,'
        || '"note":"please leave it at the door: the bell does not work"}' AS row,
        '{"version":"3.6.3.Final","connector":"postgresql","name":"shop","ts_ms":1750000000000,'
        || '"snapshot":"false","db":"shop","sequence":"[\\"24000000\\",\\"' || n
        || '\\"]","schema":"public","txId":' || n / 3 || ',"lsn":' || n || '}' AS metadata
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n, LATERAL (
        SELECT CASE WHEN n %% %(busy_in)s = 1 THEN %(keys)s + n / %(busy_in)s %% %(busy)s
                    ELSE n %% %(keys)s END
    ) AS k (id)
) AS made
"""


def keys_of(rows: int) -> int:
    """How many keys a trail of so many rows has, besides the busy ones behind them."""
    return max(TABLES, rows // CHANGES_OF_A_KEY) - 1  # odd: the busy ones take from all


def busy_keys_of(rows: int) -> int:
    """How many busy keys it has."""
    return max(1, rows // ONE_OF_BUSY_KEYS_IN // CHANGES_OF_A_BUSY_KEY)


def fill(rig: Rig, database: DatabaseConfig, rows: int) -> None:
    """Make a trail of `rows` rows that ends now, as the vacuum of a quiet night leaves it."""
    seconds = MONTHS * _DAYS_PER_MONTH * _SECONDS_PER_DAY
    now = time.time()
    # A month earlier and a month later too: where the ends fall does not matter then.
    days = range(int((now - seconds) // _SECONDS_PER_DAY), int(now // _SECONDS_PER_DAY) + 1, 14)
    make_partitions(database, days)
    values = {
        "rows": rows,
        "tables": TABLES,
        "rare": RARE,
        "keys": keys_of(rows),
        "busy": busy_keys_of(rows),
        "busy_in": ONE_OF_BUSY_KEYS_IN,
        "one_in": ONE_IN,
        "from": now - seconds,
        "step": seconds / rows,
    }
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        (stream,) = connection.execute(_STREAM, values).fetchone() or (None,)
        connection.execute(_SOURCES, values)
        for first in range(0, rows, _AT_ONCE):
            rig.say(f"a large trail: {first:,} of {rows:,} rows")
            last = min(first + _AT_ONCE, rows) - 1
            connection.execute(
                _ROWS.encode(),
                {**values, "stream": stream, "first": first, "last": last},
            )
        connection.execute(sql.SQL("VACUUM (ANALYZE) audit_logging"))

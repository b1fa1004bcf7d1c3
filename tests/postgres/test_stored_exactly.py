"""What goes in by COPY comes out by SELECT: every value of every column, exactly."""

from collections.abc import Generator

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from adapters.postgres.batch_rows import COPY_ROWS
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.copy_binary import HEADER, TRAILER
from adapters.postgres.row_encoder import PostgresRowEncoder
from adapters.postgres.stored_rows import SELECTED, stored_record
from domain.audit_record import AuditRecord
from domain.operation import BeforeImage, OperationTypeEnum, TimestampSource
from tests.builders import a_record
from tests.postgres.trails import a_store, claim, keep, rows
from tests.servers.postgres import scratch_database

pytestmark = pytest.mark.postgres

Y2000, Y2001, Y2200 = 946_684_800_000_000, 978_307_200_000_000, 7_258_118_400_000_000
# what `timestamptz` holds and gives back exactly: 4714-11-24 BC to almost 2^63 microseconds
EVER = st.integers(-210_866_803_200_000_000, 2**63 - 2)


def _escapes() -> dict[int, str]:
    return {**{code: f"\\u{code:04x}" for code in range(32)}, 34: '\\"', 92: "\\\\"}


READ = sql.SQL(
    "SELECT {} FROM audit_logging AS t LEFT JOIN kafka_stream AS s USING (stream_id) "
    "ORDER BY t.kafka_offset"
).format(SELECTED)

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
maybe_text = st.none() | texts
bigints = st.none() | st.integers(-(2**63), 2**63 - 1)
json_texts = st.none() | st.recursive(
    st.sampled_from(["null", "true", " 1.50", "-0", "1e999999", "123456789012345678901234567890"])
    | texts.map(lambda t: '"' + t.translate(_escapes()) + '"')
    | st.sampled_from([r'"\u0000"', r'"\ud800"', '"\\"\\\\"']),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda v: "[" + " ,\n".join(v) + "]")
        | st.lists(st.tuples(st.sampled_from(['"a"', '"b"', '"\\t"']), inner), max_size=3).map(
            lambda pairs: "{" + ",\r\n\t".join(f"{k} : {v}" for k, v in pairs) + "}"
        )
    ),
    max_leaves=6,
)


records = st.builds(
    AuditRecord,
    stream_id=st.just(0),
    kafka_partition=st.just(0),
    kafka_offset=st.just(0),
    # within one year, lest the test be about making partitions
    change_timestamp=st.integers(Y2000, Y2001),
    timestamp_source=st.sampled_from(TimestampSource),
    captured_at=st.none() | EVER,
    kafka_timestamp=st.none() | st.integers(Y2000, Y2200),
    connector=maybe_text,
    source_name=maybe_text,
    source_database=maybe_text,
    source_schema=maybe_text,
    source_table=maybe_text,
    operation=st.sampled_from(OperationTypeEnum),
    record_key=maybe_text,
    key_hash=bigints,
    old_data=json_texts,
    new_data=json_texts,
    changed_columns=st.none() | st.lists(texts, max_size=4).map(tuple),
    before_image=st.sampled_from(BeforeImage),
    value_notes=json_texts,
    transaction_id=maybe_text,
    transaction_order=bigints,
    collection_order=bigints,
    lsn=maybe_text,
    source_position=maybe_text,
    source_metadata=json_texts,
    headers=json_texts,
    change_user=maybe_text,
    decoder_version=st.integers(-(2**15), 2**15 - 1),
)


@pytest.fixture(scope="module")
def connection() -> Generator[psycopg.Connection]:
    with scratch_database() as config, psycopg.connect(config.conninfo) as opened:
        opened.execute(
            "SELECT audit_ensure_partitions(ARRAY(SELECT generate_series(10957, 11323)))"
        )
        opened.commit()
        yield opened


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(drawn=st.lists(records, min_size=1, max_size=10))
def test_every_record_is_read_back_as_it_was_stored(
    connection: psycopg.Connection, drawn: list[AuditRecord]
) -> None:
    stored = [
        msgspec.structs.replace(record, kafka_offset=offset) for offset, record in enumerate(drawn)
    ]
    encoder = PostgresRowEncoder(1)

    with connection.transaction(force_rollback=True), connection.cursor() as cursor:
        with cursor.copy(COPY_ROWS) as copy:
            copy.write(HEADER)
            copy.write(b"".join(encoder.encode(record) for record in stored))
            copy.write(TRAILER)
        cursor.execute(READ)
        found = [stored_record(row).record for row in cursor]

    assert found == stored


async def refused_beside_good_rows(
    trail_database: DatabaseConfig, column: str, value: object
) -> list[int]:
    """Store a row with `value` at the offset 1 between two good ones; the offsets refused."""
    async with a_store(trail_database) as store:
        stream_id = await claim(store)
        good = [a_record(o, stream_id=stream_id) for o in (0, 2)]
        bad = a_record(1, stream_id=stream_id, **{column: value})
        refused = await keep(store, [good[0], bad, good[1]])
    return [q.kafka_offset for q in refused]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("captured_at", Y2000 + 2**63 - 1),  # in COPY's binary format the form of infinity
        ("captured_at", Y2000 - 2**63),
        ("kafka_timestamp", 2**70),
        ("transaction_order", 2**63),
        ("decoder_version", 2**15),
    ],
)
async def test_a_number_beyond_its_type_costs_its_own_row_only(
    trail_database: DatabaseConfig, column: str, value: int
) -> None:
    refused = await refused_beside_good_rows(trail_database, column, value)

    assert refused == [1]
    assert rows(trail_database, "SELECT kafka_offset FROM audit_logging ORDER BY 1") == [(0,), (2,)]


@pytest.mark.parametrize("unstorable", ["a\0b", "half a pair: \ud800"])
@pytest.mark.parametrize("column", ["change_user", "record_key", "source_table", "changed_columns"])
async def test_text_that_postgresql_cannot_hold_costs_its_own_row_only(
    trail_database: DatabaseConfig, column: str, unstorable: str
) -> None:
    value = (unstorable,) if column == "changed_columns" else unstorable
    refused = await refused_beside_good_rows(trail_database, column, value)

    assert refused == [1]
    assert rows(trail_database, "SELECT kafka_offset FROM audit_logging ORDER BY 1") == [(0,), (2,)]

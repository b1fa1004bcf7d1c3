"""Partitions: made ahead and on demand, once, without stopping anybody, and guarded."""

import asyncio
from datetime import UTC, datetime

import msgspec
import psycopg
import pytest

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.migrations import migrate
from adapters.postgres.partitions import PartitionMaker
from adapters.postgres.pool import open_pool
from tests.builders import DAY, NOON, a_record
from tests.postgres.trails import a_store, a_trail, claim, keep, rows
from tests.servers.postgres import scratch_database

pytestmark = pytest.mark.postgres

NAMES = "SELECT name FROM audit_partitions() ORDER BY lower_bound"
NOVEMBER = NOON // DAY


def names(config: DatabaseConfig) -> list[str]:
    return [row[0] for row in rows(config, NAMES)]


def added(config: DatabaseConfig, *days: int) -> list[str]:
    before = names(config)
    rows(config, "SELECT audit_ensure_partitions(%s)", list(days))
    return [name for name in names(config) if name not in before]


@pytest.mark.parametrize(
    ("partition_by", "shape"), [("month", "%Y_%m"), ("day", "%Y_%m_%d"), ("year", "%Y")]
)
def test_the_current_and_the_next_one_are_made_ahead(partition_by: str, shape: str) -> None:
    with scratch_database(partition_by=partition_by) as config:
        made = names(config)

    assert len(made) == 2
    assert made[0] == f"audit_logging_{datetime.now(UTC):{shape}}"


@pytest.mark.parametrize(
    ("partition_by", "expected"),
    [
        ("month", ["audit_logging_2023_11", "audit_logging_2023_12"]),
        ("day", [f"audit_logging_2023_{day}" for day in ("11_14", "11_15", "12_14")]),
        ("year", ["audit_logging_2023"]),
    ],
)
def test_each_day_gets_the_partition_that_the_setting_asks_for(
    partition_by: str, expected: list[str]
) -> None:
    with scratch_database(partition_by=partition_by) as config:
        assert added(config, NOVEMBER, NOVEMBER + 1, NOVEMBER + 30) == expected
        assert added(config, NOVEMBER, NOVEMBER + 30) == []


def test_after_the_setting_changed_new_partitions_fit_between_the_old(
    trail_database: DatabaseConfig,
) -> None:
    added(trail_database, NOVEMBER)
    migrate(msgspec.structs.replace(trail_database, partition_by="day"))
    daily = added(trail_database, NOVEMBER, NOVEMBER + 40)
    migrate(msgspec.structs.replace(trail_database, partition_by="year"))
    between = added(trail_database, NOVEMBER + 41)

    assert daily == ["audit_logging_2023_12_24"]
    assert between == ["audit_logging_2023_12_25"]


def test_the_time_zone_of_the_session_moves_no_bound(trail_database: DatabaseConfig) -> None:
    rows(
        trail_database,
        "SELECT set_config('timezone', 'Asia/Kolkata', false), "
        "set_config('datestyle', 'German', false), audit_ensure_partitions(%s)",
        [NOVEMBER],
    )

    bounds = rows(
        trail_database,
        "SELECT lower_bound, upper_bound FROM audit_partitions() "
        "WHERE name = 'audit_logging_2023_11'",
    )

    assert bounds == [(datetime(2023, 11, 1, tzinfo=UTC), datetime(2023, 12, 1, tzinfo=UTC))]


async def test_two_that_make_the_same_partitions_at_once_make_each_once(
    trail_database: DatabaseConfig,
) -> None:
    days = [NOVEMBER + 30 * month for month in range(24)]

    async def ensure() -> None:
        async with open_pool(trail_database) as pool, pool.lease() as session:
            await PartitionMaker().ensure(session, days)

    await asyncio.gather(*(ensure() for _ in range(4)))

    assert len(names(trail_database)) == 2 + 24


async def test_making_one_waits_for_no_reader_and_no_writer(
    trail_database: DatabaseConfig,
) -> None:
    await a_trail(trail_database)
    with psycopg.connect(trail_database.conninfo) as busy:
        busy.execute("SELECT * FROM audit_trail")
        busy.execute(
            "INSERT INTO audit_logging (stream_id, kafka_partition, kafka_offset, "
            "change_timestamp, operation) VALUES (1, 9, 9, '2023-11-14', 'INSERT')"
        )

        made = added(trail_database, NOVEMBER + 90)

    assert made == ["audit_logging_2024_02"]


def test_every_partition_has_the_indexes_and_guards_of_the_trail(
    trail_database: DatabaseConfig,
) -> None:
    added(trail_database, NOVEMBER)

    indexes = rows(
        trail_database,
        "SELECT regexp_replace(indexdef, '^.* USING ', '') FROM pg_indexes "
        "WHERE tablename = 'audit_logging_2023_11'",
    )
    triggers = rows(
        trail_database,
        "SELECT tgname, tgenabled::text FROM pg_trigger "
        "WHERE tgrelid = 'audit_logging_2023_11'::regclass ORDER BY 1",
    )

    assert {row[0].partition(" WHERE ")[0] for row in indexes} == {
        "brin (change_timestamp)",
        "btree (key_hash, change_timestamp)",
        "btree (stream_id, kafka_partition, kafka_offset, change_timestamp)",
        "btree (transaction_id)",
        "btree (change_timestamp)",
    }
    assert sum(" WHERE " in row[0] for row in indexes) == 3  # small ones, for questions
    assert triggers == [("audit_refuse_change", "A"), ("audit_refuse_truncate", "A")]


def test_a_partition_is_vacuumed_after_so_many_rows_however_large_it_is(
    trail_database: DatabaseConfig,
) -> None:
    added(trail_database, NOVEMBER)

    options = rows(
        trail_database,
        "SELECT unnest(reloptions) FROM pg_class WHERE relname = 'audit_logging_2023_11' "
        "ORDER BY 1",
    )

    assert options == [
        ("autovacuum_vacuum_insert_scale_factor=0",),
        ("autovacuum_vacuum_insert_threshold=100000",),
    ]


async def test_a_batch_over_many_years_is_stored(trail_database: DatabaseConfig) -> None:
    async with a_store(trail_database) as store:
        stream_id = await claim(store)
        times = [NOON - year * 366 * DAY for year in range(20)] + [NOON]
        await keep(
            store,
            [
                a_record(o, stream_id=stream_id, change_timestamp=time)
                for o, time in enumerate(times)
            ],
        )

    assert rows(trail_database, "SELECT count(*) FROM audit_logging") == [(21,)]


async def test_a_partition_that_somebody_took_away_is_made_again(
    trail_database: DatabaseConfig,
) -> None:
    async with a_store(trail_database) as store:
        stream_id = await claim(store)
        await keep(store, [a_record(0, stream_id=stream_id)])
        rows(trail_database, "ALTER TABLE audit_logging DETACH PARTITION audit_logging_2023_11")

        refused = await keep(store, [a_record(1, stream_id=stream_id)])

    assert list(refused) == []
    assert rows(trail_database, "SELECT kafka_offset FROM audit_logging") == [(1,)]
    assert "audit_logging_2023_11_2" in names(trail_database)

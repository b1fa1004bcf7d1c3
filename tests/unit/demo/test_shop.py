"""The shop tells its story, and keeps a true account of it."""

import collections
import threading
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import dict_row

from adapters.embedded.postgres import THROWAWAY, EmbeddedPostgres
from entrypoints.demo import accounts, shop, sql
from entrypoints.demo.comparison import Change, compare
from entrypoints.demo.workload import Workload

pytestmark = pytest.mark.postgres

ROUNDS = 2


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server of our own: logical decoding needs a setting that others may not have."""
    home = tmp_path_factory.mktemp("postgres")
    with EmbeddedPostgres(home, logical=True, settings=THROWAWAY) as running:
        shop.create_databases(running.dsn())
        yield running


@pytest.fixture
def dsn(server: EmbeddedPostgres) -> str:
    """A new shop."""
    found = server.dsn(shop.SOURCE_DATABASE)
    with psycopg.connect(found, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS truth CASCADE")
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    shop.create_shop(found)
    return found


def play(dsn: str, *, rounds: int = ROUNDS) -> int:
    """Tell the story `rounds` times; gives how often the malformed record was sent."""
    sent: list[None] = []
    workload = Workload(dsn, malform=lambda: sent.append(None), pause=0.0)
    workload.run(threading.Event(), rounds=rounds)
    return len(sent)


def history(dsn: str) -> list[Change]:
    return list(accounts.read_truth(dsn, accounts.read_shapes(dsn)))


def query(dsn: str, text: str) -> list[dict[str, object]]:
    with psycopg.connect(dsn) as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(text.encode()).fetchall()


def test_the_story_has_inserts_updates_and_deletes_and_a_baseline(dsn: str) -> None:
    play(dsn)

    operations = collections.Counter(change.operation for change in history(dsn))

    assert set(operations) == {"SNAPSHOT", "INSERT", "UPDATE", "DELETE"}


def test_an_order_is_placed_in_one_transaction_over_three_tables(dsn: str) -> None:
    play(dsn, rounds=1)

    tables: dict[str, set[str]] = collections.defaultdict(set)
    for change in history(dsn):
        if change.operation != "SNAPSHOT":
            tables[change.transaction].add(change.table)

    assert {"orders", "order_items", "products"} in tables.values()


def test_the_story_sends_one_malformed_record_however_long_it_lasts(dsn: str) -> None:
    assert play(dsn, rounds=3) == 1


def test_what_is_rolled_back_leaves_no_trace(dsn: str) -> None:
    play(dsn)

    rows = query(dsn, "SELECT count(*) AS n FROM pg_stat_database WHERE xact_rollback > 0")
    paid_twice = [c for c in history(dsn) if c.table == "orders" and c.old == c.new and c.old]

    assert rows[0]["n"] != 0
    assert paid_twice == []


def test_the_rows_of_the_person_who_watches_are_left_alone(dsn: str) -> None:
    theirs = {("customers", (1,)), ("orders", (1,))} | {("reviews", (i,)) for i in (1, 2, 3)}

    play(dsn)

    touched = {(c.table, c.key) for c in history(dsn) if c.operation != "SNAPSHOT"}
    assert touched & theirs == set()


def test_the_statements_to_try_work_as_printed(
    dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    play(dsn, rounds=1)
    before = len(history(dsn))

    status = sql.main([dsn, *shop.STATEMENTS_TO_TRY])

    assert (status, len(history(dsn)) - before) == (0, 4)
    assert capsys.readouterr().out.split("\n")[0] == "UPDATE 1"


def test_the_account_begins_with_every_row_that_was_there(dsn: str) -> None:
    baseline = collections.Counter(c.table for c in history(dsn) if c.operation == "SNAPSHOT")

    for table in shop.TABLES:
        assert baseline[table] == query(dsn, f"SELECT count(*) AS n FROM {table}")[0]["n"]  # noqa: S608 - our own names


def test_the_account_and_the_tables_agree_at_the_end(dsn: str) -> None:
    play(dsn)

    rows: dict[tuple[str, tuple[object, ...]], object] = {}
    for change in history(dsn):
        rows[change.table, change.key] = change.new
    left = {place for place, row in rows.items() if row is not None}
    there = {
        (table, tuple(row[column] for column in shape.key))
        for table, shape in accounts.read_shapes(dsn).items()
        for row in query(dsn, f"SELECT * FROM {table}")  # noqa: S608 - our own names
    }

    assert left == there


def test_the_account_does_not_depend_on_the_settings_of_who_changes(dsn: str) -> None:
    with psycopg.connect(dsn, options="-c timezone=Asia/Tokyo -c datestyle=German") as connection:
        connection.execute("UPDATE orders SET shipped_at = '2026-01-02 03:04:05+00' WHERE id = 1")

    [row] = query(
        dsn, "SELECT new_row ->> 'shipped_at' AS at FROM truth.history ORDER BY id DESC LIMIT 1"
    )

    assert row["at"] == "2026-01-02 03:04:05+00"


def test_the_account_compared_with_itself_shows_no_difference(dsn: str) -> None:
    play(dsn)
    shapes = accounts.read_shapes(dsn)
    truth = [c for c in history(dsn) if shapes[c.table].full]

    assert compare(truth, truth, shapes) == []


def test_the_shop_has_tables_with_and_without_the_old_row(dsn: str) -> None:
    assert {shape.full for shape in accounts.read_shapes(dsn).values()} == {True, False}


class Impatient(threading.Event):
    """Does not wait, and says stop after a number of waits."""

    def __init__(self, waits: int) -> None:
        super().__init__()
        self._left = waits

    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002 - as the class has it
        """Count, instead of waiting."""
        self._left -= 1
        if self._left <= 0:
            self.set()
        return self.is_set()


def test_a_story_without_end_goes_on_after_somebody_changed_a_table(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("ALTER TABLE reviews RENAME COLUMN stars TO points")
    before = len(history(dsn))

    Workload(dsn, malform=lambda: None, pause=0.0).run(Impatient(20))

    later = [change.table for change in history(dsn)[before:]]
    assert later.count("customers") > 1


def test_a_story_that_is_counted_fails_where_a_step_fails(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("ALTER TABLE reviews RENAME COLUMN stars TO points")

    with pytest.raises(psycopg.errors.UndefinedColumn):
        play(dsn)

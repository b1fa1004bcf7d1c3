"""Changes are put back in a real PostgreSQL: exactly, and never over what somebody did later."""

from collections.abc import Generator, Sequence
from typing import Any

import psycopg
import pytest
from psycopg import sql

from adapters.postgres.config import DatabaseConfig
from domain.audit_record import AuditRecord
from domain.source_types import SourceTypes
from tests.reverts import (
    TypedColumn,
    a_deletion,
    an_insert,
    an_update,
    reasons_of,
    script_of,
    types_of,
)
from tests.servers.postgres import empty_database

# ruff: noqa: S608 - the test's own names and literals

pytestmark = pytest.mark.postgres

__all__ = ["empty_database"]

Row = tuple[Any, ...]
Server = psycopg.Connection[Row]

NASTY = "it's \"a\" \\ $revert$ $$ ; -- /* 'E\\' \n\t€ 漢 ' || pg_sleep(9) || '"

COLUMNS = [
    TypedColumn("text", "''", "", "'x'", "x"),
    TypedColumn("text", "NULL", None, "'null'", "null"),
    TypedColumn("text", "'2024-01-01T00:00:00Z'", "2024-01-01T00:00:00Z", "'12'", "12"),
    TypedColumn("text", "E'[\\\\'", "[\\", "'{\"a\": 1}'", '{"a": 1}'),
    TypedColumn("varchar(9)", "'true'", "true", "'NULL'", "NULL"),
    TypedColumn("char(5)", "'ab'", "ab   ", "'cd'", "cd   "),
    TypedColumn("integer", "-7", -7, "2147483647", 2147483647),
    TypedColumn("bigint", "9007199254740993", 9007199254740993, "0", 0),
    TypedColumn("real", "3.14", 3.14, "'NaN'", "NaN"),
    TypedColumn("double precision", "1e300", 1e300, "0.1", 0.1),
    TypedColumn("numeric", "1.50", "1.50", "12345678901234567890.123", "12345678901234567890.123"),
    TypedColumn("numeric(9,2)", "'NaN'", "NaN", "-0.01", "-0.01"),
    TypedColumn("money", "12.30", "12.30", "-1", "-1.00"),
    TypedColumn("boolean", "true", True, "false", False),  # noqa: FBT003 - a value
    TypedColumn("bit(1)", "B'1'", True, "B'0'", False, needs_type=True),  # noqa: FBT003 - likewise
    TypedColumn("bit varying(5)", "B'101'", "101", "B''", ""),
    TypedColumn("date", "'2017-09-15'", "2017-09-15", "'infinity'", "infinity"),
    TypedColumn(
        "timestamp",
        "'2018-06-20 15:13:16.945104'",
        "2018-06-20T15:13:16.945104",
        "'1936-10-25 22:10:12'",
        "1936-10-25T22:10:12",
    ),
    TypedColumn(
        "timestamptz",
        "'2016-11-04 11:51:30.123456+00'",
        "2016-11-04T11:51:30.123456Z",
        "'-infinity'",
        "-infinity",
    ),
    TypedColumn("time", "'24:00'", "24:00:00", "'04:05:11.789'", "04:05:11.789"),
    TypedColumn("timetz", "'11:51:30+00'", "11:51:30Z", "'00:00+00'", "00:00:00Z"),
    TypedColumn("interval", "'1 year 2 mons 3 days'", "P1Y2M3DT0H0M0S", "'1 hour'", "PT1H"),
    TypedColumn("bytea", "'\\x00ff27'", "0x00ff27", "''", "0x", needs_type=True),
    TypedColumn("text", "'0xff'", "0xff", "'0x'", "0x", needs_type=True),
    TypedColumn(
        "uuid",
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "NULL",
        None,
    ),
    TypedColumn("json", '\'{"b": 1,"a":"it\'\'s"}\'', '{"b": 1,"a":"it\'s"}', "'[1]'", "[1]"),
    TypedColumn("jsonb", '\'{"a": [1, "\\\\"]}\'', '{"a": [1, "\\\\"]}', "'{}'", "{}"),
    TypedColumn("json", "'\"text\"'", '"text"', "'7'", "7", needs_type=True),
    TypedColumn("xml", "'<a>b</a>'", "<a>b</a>", "'<c/>'", "<c/>"),
    TypedColumn("inet", "'192.168.0.1/24'", "192.168.0.1/24", "'::1'", "::1"),
    TypedColumn("int4range", "'[1,5)'", "[1,5)", "'empty'", "empty"),
    TypedColumn("integer[]", "'{1,NULL,3}'", [1, None, 3], "'{}'", []),
    TypedColumn("integer[]", "'{{1,2},{3,4}}'", [[1, 2], [3, 4]], "NULL", None),
    TypedColumn(
        "text[]",
        "ARRAY['a,\"b\"', 'NULL', '', E'\\\\ {}', 'it''s']",
        ['a,"b"', "NULL", "", "\\ {}", "it's"],
        "ARRAY['x']",
        ["x"],
    ),
    TypedColumn("boolean[]", "'{t,f}'", [True, False], "'{f}'", [False]),
    TypedColumn("numeric[]", "'{1.50}'", ["1.50"], "'{2}'", ["2"]),
    TypedColumn("date[]", "'{2017-09-15}'", ["2017-09-15"], "'{}'", []),
    TypedColumn(
        "bytea[]",
        "ARRAY['\\x0102'::bytea]",
        ["0x0102"],
        "ARRAY['\\x'::bytea]",
        ["0x"],
        needs_type=True,
    ),
    TypedColumn(
        "json[]",
        "ARRAY['{\"a\": 1}'::json]",
        ['{"a": 1}'],
        "ARRAY['[2]'::json]",
        ["[2]"],
        needs_type=True,
    ),
    TypedColumn("tsvector", "'''a'':1'", "'a':1", "'''b'':2'", "'b':2"),
    TypedColumn("point", "'(1,2)'", "(1,2)", "'(3,4)'", "(3,4)", needs_type=True),
]


@pytest.fixture
def server(empty_database: DatabaseConfig) -> Generator[Server]:
    """Connect to an empty database."""
    with psycopg.connect(empty_database.conninfo, autocommit=True) as server:
        server.execute("SET timezone TO 'Asia/Tokyo'")
        yield server


def rows(server: Server, table: str = "t") -> Sequence[Row]:
    """Read all rows as texts, which shows any difference."""
    found = server.execute(
        sql.SQL("SELECT t::text FROM {} AS t ORDER BY 1").format(sql.Identifier(table))
    )
    return found.fetchall()


def run(server: Server, text: str) -> None:
    """Execute SQL that the test wrote."""
    server.execute(text.encode())


def put_back(server: Server, *changes: AuditRecord, types: SourceTypes | None = None) -> None:
    """Execute the script with the settings that are worst for literals."""
    try:
        run(server, "SET standard_conforming_strings TO off; SET escape_string_warning TO off")
        run(server, script_of(*changes, types=types))
    finally:
        server.rollback()
        run(server, "RESET standard_conforming_strings")


def test_values_of_every_type_are_put_back_and_compared(server: Server) -> None:
    for number, column in enumerate(COLUMNS):
        name = f"t{number}"
        run(server, f"CREATE TABLE {name} (id integer PRIMARY KEY, v {column.kind})")
        set_new = f"UPDATE {name} SET v = {_sql(column.new, column.kind)}"
        run(server, f"INSERT INTO {name} VALUES (1, {_sql(column.old, column.kind)})")
        before = rows(server, name)
        run(server, set_new)
        old, new = {"v": column.old_text}, {"v": column.new_text}
        update = an_update(old, new, source_table=name)
        deletion = a_deletion(old, source_table=name)
        insert = an_insert(new, source_table=name)
        known = types_of(f"shop.public.{name}", id="integer", v=_catalog_name(column.kind))

        for types in (known,) if column.needs_type else (known, None):
            put_back(server, update, types=types)
            assert rows(server, name) == before, column

            run(server, f"DELETE FROM {name}")
            put_back(server, deletion, types=types)
            assert rows(server, name) == before, column

            run(server, set_new)
            put_back(server, insert, types=types)
            assert rows(server, name) == [], column
            run(server, f"INSERT INTO {name} VALUES (1, {_sql(column.old, column.kind)})")
            run(server, set_new)


def test_no_name_and_no_value_breaks_out_of_the_script(server: Server) -> None:
    table, column = 'ta"b; DROP TABLE t', 'co"l$revert$\\'
    names = sql.Identifier(table), sql.Identifier(column)
    server.execute(sql.SQL("CREATE TABLE {} (id integer PRIMARY KEY, {} text)").format(*names))
    insert = sql.SQL("INSERT INTO {} VALUES (1, %s)").format(names[0])
    server.execute(insert, ["new"])
    update = an_update({column: NASTY}, {column: "new"}, source_table=table)
    back = an_update({column: "new"}, {column: NASTY}, source_table=table)

    put_back(server, update)
    found = server.execute(sql.SQL("SELECT {} FROM {}").format(names[1], names[0])).fetchall()
    run(server, script_of(back))  # with the usual settings

    assert found == [(NASTY,)]
    assert server.execute(sql.SQL("SELECT {} FROM {}").format(names[1], names[0])).fetchall() == [
        ("new",)
    ]


@pytest.mark.parametrize(
    "later",
    [
        "UPDATE t SET v = 'later'",
        "UPDATE t SET v = NULL",
        "UPDATE t SET w = 'later'",
        "UPDATE t SET id = 2",
        "DELETE FROM t",
    ],
)
def test_a_later_change_is_never_overwritten(server: Server, later: str) -> None:
    run(server, "CREATE TABLE t (id integer PRIMARY KEY, v text, w text)")
    run(server, f"INSERT INTO t VALUES (1, 'new', NULL); {later}")
    after = rows(server)
    update = an_update({"v": "old", "w": None}, {"v": "new", "w": None})
    insert = an_insert({"v": "new", "w": None})

    for change in (update, insert):
        with pytest.raises(psycopg.errors.RaiseException, match="was not put back: 0 rows"):
            put_back(server, change)

    assert rows(server) == after


def test_a_row_that_is_there_again_is_not_overwritten_by_a_deleted_one(server: Server) -> None:
    run(server, "CREATE TABLE t (id integer PRIMARY KEY, v text)")
    run(server, "INSERT INTO t VALUES (1, 'again')")

    with pytest.raises(psycopg.errors.UniqueViolation):
        put_back(server, a_deletion({"v": "old"}))

    assert rows(server) == [("(1,again)",)]


def test_a_transaction_is_put_back_whole_or_not_at_all(server: Server) -> None:
    run(server, "CREATE TABLE t (id integer PRIMARY KEY, v text)")
    run(server, "CREATE TABLE u (id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY, v text)")
    run(server, "INSERT INTO u (v) VALUES ('x')")
    before = rows(server), rows(server, "u")
    run(server, "INSERT INTO t VALUES (1, 'a'); UPDATE t SET v = 'b'; DELETE FROM u")
    changes = (
        an_insert({"v": "a"}),
        an_update({"v": "a"}, {"v": "b"}),
        a_deletion({"v": "x"}, source_table="u"),
    )

    put_back(server, *changes)
    whole = rows(server), rows(server, "u")
    run(server, "INSERT INTO t VALUES (1, 'changed'); DELETE FROM u")
    with pytest.raises(psycopg.errors.RaiseException):
        put_back(server, *changes)

    assert whole == before
    assert (rows(server), rows(server, "u")) == ([("(1,changed)",)], [])


def test_columns_and_variables_of_the_script_do_not_meet(server: Server) -> None:
    run(server, "CREATE TABLE t (id integer PRIMARY KEY, cdc_audit_rows text, found text)")
    run(server, "INSERT INTO t VALUES (1, 'b', 'y')")

    put_back(
        server,
        an_update({"cdc_audit_rows": "a", "found": "x"}, {"cdc_audit_rows": "b", "found": "y"}),
    )

    assert rows(server) == [("(1,a,x)",)]


def test_a_value_whose_meaning_depends_on_the_type_is_refused_without_it() -> None:
    for value in ("0x00ff", ["0x00"], {"a": 1}):
        (reason,) = reasons_of(an_update({"v": value}, {"v": None}))
        assert reason.startswith("column 'v': its value before the change has no SQL")


def _sql(text: str, kind: str) -> str:
    return f"({text})::{kind}"


def _catalog_name(kind: str) -> str:
    names = {
        "varchar(9)": "character varying(9)",
        "char(5)": "character(5)",
        "timestamp": "timestamp without time zone",
        "timestamptz": "timestamp with time zone",
        "time": "time without time zone",
        "timetz": "time with time zone",
    }
    return names.get(kind, kind)

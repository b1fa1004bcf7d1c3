"""Changes are put back in a real MariaDB: exactly, and never over what somebody did later."""

from collections.abc import Sequence
from contextlib import closing
from typing import Any

import pymysql
import pytest
from pymysql.constants import CLIENT

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
from tests.servers.mariadb import execute, mariadb_address, scratch_mariadb

# ruff: noqa: S608 - the test's own names and literals

Row = tuple[Any, ...]

NASTY = "it's \"a\" \\ \\' ; -- /* # \n\t\0 € 漢 😀 `"

COLUMNS = [
    TypedColumn("text", "''", "", "'x'", "x"),
    TypedColumn("varchar(20)", "NULL", None, "'null'", "null"),
    TypedColumn("varchar(20) CHARACTER SET latin1", "'Müller'", "Müller", "'x'", "x"),
    TypedColumn("varchar(20)", "'a'", "a", "'A'", "A"),
    TypedColumn("varchar(20)", "'a'", "a", "'a '", "a "),
    TypedColumn("int", "-7", -7, "2147483647", 2147483647),
    TypedColumn("bigint unsigned", "18446744073709551615", 18446744073709551615, "0", 0),
    TypedColumn(
        "decimal(30,3)", "1.5", "1.500", "12345678901234567890.123", "12345678901234567890.123"
    ),
    TypedColumn("double", "0.1", 0.1, "1e300", 1e300),
    TypedColumn("float", "3.14", 3.14, "0.1", 0.1, needs_type=True),
    TypedColumn("tinyint(1)", "1", 1, "0", 0),
    TypedColumn("bit(1)", "b'1'", True, "b'0'", False),  # noqa: FBT003 - a value
    TypedColumn("bit(9)", "b'101'", "000000101", "b'0'", "000000000", needs_type=True),
    TypedColumn("date", "'2017-09-15'", "2017-09-15", "NULL", None),
    TypedColumn(
        "datetime(6)",
        "'2018-06-20 15:13:16.945104'",
        "2018-06-20T15:13:16.945104",
        "'1936-10-25 22:10:12'",
        "1936-10-25T22:10:12",
    ),
    TypedColumn(
        "timestamp(3)",
        "'2016-11-04 11:51:30.5'",
        "2016-11-04T11:51:30.5Z",
        "'2020-10-25 00:30:00'",
        "2020-10-25T00:30:00Z",
        needs_type=True,
    ),
    TypedColumn("time(3)", "'-838:59:59'", "-838:59:59.000", "'13:51:30.123'", "13:51:30.123"),
    TypedColumn("year", "2023", 2023, "1999", 1999),
    TypedColumn("enum('small','l''arge')", "'small'", "small", "'l''arge'", "l'arge"),
    TypedColumn("set('a','b')", "'a,b'", "a,b", "''", ""),
    TypedColumn("varbinary(9)", "x'00ff27'", "0x00ff27", "x''", "0x", needs_type=True),
    TypedColumn("blob", "x'5c'", "0x5c", "x'27'", "0x27", needs_type=True),
    TypedColumn("varchar(9)", "'0xff'", "0xff", "'0x'", "0x", needs_type=True),
    TypedColumn(
        "varchar(30)", "'2016-11-04T11:51:30Z'", "2016-11-04T11:51:30Z", "'x'", "x", needs_type=True
    ),
    TypedColumn("json", '\'{"b": 1,"a":"\\\\\\\\"}\'', '{"b": 1,"a":"\\\\"}', "'[1]'", "[1]"),
]


def run(database: str, text: str, *, mode: str = "STRICT_ALL_TABLES") -> None:
    """Execute a script as a person would, who commits it."""
    address = mariadb_address()
    connection = pymysql.connect(
        host=address.host,
        port=address.port,
        user=address.username,
        password=address.password,
        database=database,
        charset="utf8mb4",
        client_flag=CLIENT.MULTI_STATEMENTS,
    )
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(f"SET time_zone = '+09:00', sql_mode = '{mode}'")
        cursor.execute(text)
        counts: list[int] = []
        while cursor.nextset():
            counts += [row[1] for row in cursor.fetchall()]
        if all(count == 1 for count in counts):
            connection.commit()


def put_back(*changes: AuditRecord, types: SourceTypes | None = None, mode: str = "") -> None:
    """Execute the script in the database that the changes name."""
    run(changes[0].source_database or "", script_of(*changes, types=types), mode=mode)


def of(database: str, **fields: object) -> dict[str, Any]:
    """Give the fields that make a change one of MariaDB's."""
    return {
        "connector": "mariadb",
        "source_database": database,
        "source_schema": None,
        **fields,
    }


def rows(database: str, table: str = "t") -> Sequence[Row]:
    """Read all rows."""
    return execute(database, f"SELECT * FROM {table} ORDER BY 1")


def test_values_of_every_type_are_put_back_and_compared() -> None:
    with scratch_mariadb() as database:
        for number, column in enumerate(COLUMNS):
            name = f"t{number}"
            set_new = f"UPDATE {name} SET v = {column.new}"
            insert_old = f"INSERT INTO {name} VALUES (1, {column.old})"
            utc = "SET time_zone = '+00:00'"
            execute(database, f"CREATE TABLE {name} (id int PRIMARY KEY, v {column.kind} NULL)")
            execute(database, utc, insert_old)
            before = rows(database, name)
            execute(database, utc, set_new)
            old, new = {"v": column.old_text}, {"v": column.new_text}
            fields = of(database, source_table=name)
            kind = column.kind.split(" CHARACTER")[0]
            known = types_of(f"{database}.{name}", id="int", v=kind)

            for types in (known,) if column.needs_type else (known, None):
                put_back(an_update(old, new, **fields), types=types)
                assert rows(database, name) == before, (column, types)

                execute(database, f"DELETE FROM {name}")
                put_back(a_deletion(old, **fields), types=types)
                assert rows(database, name) == before, (column, types)

                execute(database, utc, set_new)
                put_back(an_insert(new, **fields), types=types)
                assert not rows(database, name), (column, types)
                execute(database, utc, insert_old, set_new)


@pytest.mark.parametrize("mode", ["", "NO_BACKSLASH_ESCAPES", "ANSI_QUOTES"])
def test_no_name_and_no_value_breaks_out_of_the_script(mode: str) -> None:
    table, column = "ta`b; DROP TABLE t", "co`l\\"
    quoted = f"`{table.replace('`', '``')}`"
    with scratch_mariadb() as database:
        execute(
            database,
            f"CREATE TABLE {quoted} (id int PRIMARY KEY, `co``l\\` text CHARACTER SET utf8mb4)",
            f"INSERT INTO {quoted} VALUES (1, 'new')",
        )
        fields = of(database, source_table=table)

        put_back(an_update({column: NASTY}, {column: "new"}, **fields), mode=mode)
        found = rows(database, quoted)
        put_back(an_update({column: "new"}, {column: NASTY}, **fields), mode=mode)

        assert found == ((1, NASTY),)
        assert rows(database, quoted) == ((1, "new"),)


@pytest.mark.parametrize(
    "later",
    [
        "UPDATE t SET v = 'NEW'",  # the same to its collation
        "UPDATE t SET v = 'new '",  # likewise
        "UPDATE t SET v = NULL",
        "UPDATE t SET w = 'later'",
        "DELETE FROM t",
    ],
)
def test_a_later_change_is_never_overwritten(later: str) -> None:
    with scratch_mariadb() as database:
        execute(
            database,
            "CREATE TABLE t (id int PRIMARY KEY, v varchar(9) COLLATE utf8mb4_general_ci, w text)",
            "INSERT INTO t VALUES (1, 'new', NULL)",
            later,
        )
        after = rows(database)
        update = an_update({"v": "old", "w": None}, {"v": "new", "w": None}, **of(database))

        put_back(update)
        put_back(an_insert({"v": "new", "w": None}, **of(database)))

        assert rows(database) == after


def test_a_value_whose_meaning_depends_on_the_type_is_refused_without_it() -> None:
    for value in ("0x00ff", "2016-11-04T11:51:30Z", [1], {"a": 1}):
        (reason,) = reasons_of(an_update({"v": value}, {"v": None}, **of("db")))
        assert reason.startswith("column 'v': its value before the change has no SQL")

"""PostgreSQL reads the fields of binary COPY as they were meant, or refuses them."""

from collections.abc import Generator

import psycopg
import pytest

from adapters.postgres.batch_rows import COPY_CONTROL, COPY_ROWS
from adapters.postgres.copy_binary import (
    HEADER,
    TRAILER,
    array_field,
    int2_field,
    int4_field,
    int8_field,
    joined,
    text_field,
    timestamp_field,
)
from adapters.postgres.driver_errors import is_row_refused
from adapters.postgres.time_text import time_text
from tests.servers.postgres import scratch_database

pytestmark = pytest.mark.postgres

TEXTS = (
    "",
    " ",
    "\\",
    "\\N",
    "\\.",
    "\t\n\r\v\f\b",
    "'\"`",
    '{},{"}',
    "NULL",
    "PGCOPY\n\N{LATIN SMALL LETTER Y WITH DIAERESIS}\r\n",
    "\x01\x7f",
    "\N{GRINNING FACE} \N{LATIN SMALL LETTER U WITH DIAERESIS}",
    "x" * 100_000,
)
Y2000 = 946_684_800_000_000
FIRST, LAST = -210_866_803_200_000_000, Y2000 + 9_223_371_331_199_999_999
TIMES = (0, -1, 1, FIRST, LAST, 253_402_300_800_000_000, -62_167_219_200_000_000)
"""The epoch, the ends of `timestamptz` (4714 BC, 294276), the year 10000, the year 1 BC."""

REFUSED = {
    "NUL": ("text", text_field("a\0b")),
    "half a surrogate pair": ("text", text_field("\ud800")),
    "an array with NUL": ("text[]", array_field(("a", "\0"))),
    "no JSON": ("json", text_field('{"a":')),
    "JSON with NUL": ("json", text_field('"\0"')),
    "a smallint too large": ("smallint", int2_field(2**15)),
    "an integer too small": ("integer", int4_field(-(2**31) - 1)),
    "a bigint too large": ("bigint", int8_field(2**63)),
    "before the first time": ("timestamptz", timestamp_field(FIRST - 1)),
    "behind the last time": ("timestamptz", timestamp_field(LAST + 1)),
    "infinity": ("timestamptz", timestamp_field(Y2000 + 2**63 - 1)),
    "infinity before": ("timestamptz", timestamp_field(Y2000 - 2**63)),
    "a time beyond 64 bits": ("timestamptz", timestamp_field(-(2**70))),
}


@pytest.fixture(scope="module")
def connection() -> Generator[psycopg.Connection]:
    with scratch_database() as config, psycopg.connect(config.conninfo) as opened:
        yield opened


def copied(connection: psycopg.Connection, kind: str, *fields: bytes) -> list[str | None]:
    """The text of each value, after it was copied into a column of that type."""
    with connection.transaction(force_rollback=True), connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE copied (n serial, value {kind})".encode())
        with cursor.copy("COPY copied (value) FROM STDIN (FORMAT binary)") as copy:
            copy.write(HEADER)
            copy.write(b"".join(joined(field) for field in fields))
            copy.write(TRAILER)
        cursor.execute("SELECT value::text FROM copied ORDER BY n")
        return [value for (value,) in cursor]


def test_texts_are_read_as_they_are(connection: psycopg.Connection) -> None:
    found = copied(connection, "text", *map(text_field, (*TEXTS, None)))

    assert found == [*TEXTS, None]


def test_json_is_kept_as_its_text(connection: psycopg.Connection) -> None:
    texts = ['{"a" : 1.50, "a":"\\u0000"}', "[]", '"\\\\"', "1e999999"]

    assert copied(connection, "json", *map(text_field, texts)) == texts


def test_arrays_are_read_with_each_of_their_elements(connection: psycopg.Connection) -> None:
    arrays = [(), ("",), TEXTS, ("a", "b")]

    with connection.transaction(force_rollback=True), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE copied (n serial, value text[])")
        with cursor.copy("COPY copied (value) FROM STDIN (FORMAT binary)") as copy:
            for part in (HEADER, *(joined(array_field(array)) for array in arrays), TRAILER):
                copy.write(part)
        cursor.execute("SELECT value, array_ndims(value) FROM copied ORDER BY n")
        found = cursor.fetchall()

    assert found == [([], None), ([""], 1), ([*TEXTS], 1), (["a", "b"], 1)]


def test_numbers_are_read_up_to_the_ends_of_their_types(connection: psycopg.Connection) -> None:
    for kind, field, bits in (
        ("smallint", int2_field, 16),
        ("integer", int4_field, 32),
        ("bigint", int8_field, 64),
    ):
        numbers = (0, -1, 2 ** (bits - 1) - 1, -(2 ** (bits - 1)))

        assert copied(connection, kind, *map(field, numbers)) == [str(n) for n in numbers]


def test_times_are_read_in_every_year_that_there_is(connection: psycopg.Connection) -> None:
    found = copied(connection, "timestamptz", *map(timestamp_field, TIMES))

    meant = [connection.execute("SELECT %s::timestamptz::text", [time_text(t)]) for t in TIMES]
    assert found == [cursor.fetchall()[0][0] for cursor in meant]


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_held_is_refused_as_a_row_and_named_by_its_line(
    connection: psycopg.Connection, what: str
) -> None:
    kind, bad = REFUSED[what]
    null = text_field(None)

    with pytest.raises(psycopg.Error) as raised:
        copied(connection, kind, null, bad, null)

    assert is_row_refused(raised.value)
    assert "COPY copied, line 2, column value" in str(raised.value.diag.context)


@pytest.mark.parametrize("statement", [COPY_ROWS, COPY_CONTROL])
def test_a_copy_of_no_rows_is_one(connection: psycopg.Connection, statement: bytes) -> None:
    with connection.transaction(force_rollback=True), connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            copy.write(HEADER + TRAILER)

        assert cursor.rowcount == 0

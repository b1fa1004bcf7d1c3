"""Ids, places, cursors and filters: what is written is read as the same thing, and no other."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.trail_query import Cursor, Place, TrailQuery
from domain.audit_record import AuditRecord
from domain.operation import OperationTypeEnum
from entrypoints.http.api_parameters import (
    BadParameterError,
    Filters,
    read_cursor,
    read_filters,
    read_id,
    trail_query,
    write_cursor,
    write_place,
)
from entrypoints.http.page_links import table_url
from tests.builders import NOON, SECOND, a_record

INT4 = st.integers(0, 2**31 - 1)
INT8 = st.integers(0, 2**63 - 1)
NAMES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=63
)


@given(st.lists(st.tuples(INT4, INT4, INT8), unique_by=lambda end: end[:2], max_size=8))
def test_a_cursor_survives_its_writing(offsets: list[tuple[int, int, int]]) -> None:
    cursor = Cursor(tuple(sorted(offsets)))

    assert read_cursor("after", write_cursor(cursor)) == cursor


@given(st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999), INT4, INT4, INT8)
def test_a_place_survives_its_writing(time: int, stream: int, partition: int, offset: int) -> None:
    place = Place(time, stream, partition, offset)

    assert trail_query(Filters(), before=write_place(place)).before == place


@pytest.mark.parametrize(
    "text", ["1", "1:", "1:0", "1:0-", "1:0-1,", "1:0-1;", ":0-1", "1:0--1", "9999999999:0-1", " "]
)
def test_what_is_no_cursor_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadParameterError, match=r"^after: .*is no cursor"):
        read_cursor("after", text)


@given(NAMES, NAMES | st.none())
def test_the_link_to_any_table_is_read_as_that_table(table: str, schema: str | None) -> None:
    record: AuditRecord = a_record(source_table=table, source_schema=schema)

    query = _query_of(table_url(record))

    assert (query.source_schema, query.source_table) == (schema, table)


@pytest.mark.parametrize(
    ("text", "schema", "table"),
    [
        ("orders", None, "orders"),
        ("public.orders", "public", "orders"),
        ('"odd.name"', None, "odd.name"),
        ('public."odd.name"', "public", "odd.name"),
        ('"a""b"', None, 'a"b'),
        ("a.b.c", "a.b", "c"),
        ('half"quoted', None, 'half"quoted'),
    ],
)
def test_a_table_is_written_bare_with_its_schema_or_quoted(
    text: str, schema: str | None, table: str
) -> None:
    query = trail_query(Filters(table=text))

    assert (query.source_schema, query.source_table) == (schema, table)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2023-11-14T22:13:20", NOON),
        ("2023-11-14 22:13:20.000001", NOON + 1),
        ("2023-11-14T23:13:20+01:00", NOON),
        ("2023-11-14T22:13:20Z", NOON),
        ("2023-11-14", NOON - (22 * 3600 + 13 * 60 + 20) * SECOND),
    ],
)
def test_a_time_is_utc_unless_it_says_otherwise(text: str, time: int) -> None:
    assert trail_query(Filters(since=text)).since == time


@pytest.mark.parametrize(
    "text", ["yesterday", "0001-01-01T00:00+23:00", "2023-11-14T22:13:20 01:00"]
)
def test_what_is_no_time_is_answered_with_the_forms_that_are(text: str) -> None:
    with pytest.raises(BadParameterError, match=r"%2B"):
        trail_query(Filters(since=text))


def test_filters_are_stripped_and_empty_ones_are_none() -> None:
    filters = read_filters([("table", " orders "), ("key", ""), ("operation", "insert")])

    assert filters.used() == {"table": "orders", "operation": "insert"}
    assert trail_query(filters).operation is OperationTypeEnum.INSERT
    assert trail_query(filters).record_key is None


@pytest.mark.parametrize(
    ("text", "coordinates"),
    [
        ("1-0-4711", (1, 0, 4711)),
        ("2147483647-2147483647-9223372036854775807", (2**31 - 1, 2**31 - 1, 2**63 - 1)),
        ("2147483648-0-0", None),
        ("1-0-9223372036854775808", None),
        ("-1-0-0", None),
        ("1-0-0 ", None),
        ("1-0-\N{ARABIC-INDIC DIGIT ONE}", None),
    ],
)
def test_an_id_is_three_numbers_that_the_trail_can_hold(
    text: str, coordinates: tuple[int, int, int] | None
) -> None:
    assert read_id(text) == coordinates


def _query_of(url: str | None) -> TrailQuery:
    """The question that a request for `url` would ask."""
    assert url is not None
    return trail_query(read_filters(parse_qsl(urlsplit(url).query)))

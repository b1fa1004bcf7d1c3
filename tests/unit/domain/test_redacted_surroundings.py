"""Rules applied to a record: which table it is of, and headers and metadata that repeat values."""

import json

import pytest

from domain.jsonb_safety import escape_whole, unescape_image
from domain.redaction import MASK
from tests.unit.domain.redactions import a_customer, drop, mask, redacted

KEY = '{"email":"old@x.example","id":1}'
MASKED_KEY = f'{{"email":"{MASK}","id":1}}'
KEY_HEADERS = ("__debezium.newkey", "__debezium.oldkey")


def headers_of(*headers: tuple[object, object]) -> str:
    return json.dumps(headers)


# which table


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ("public.customers", {"source_schema": "public", "source_table": "customers"}),
        ("shop.customers", {"source_schema": None, "source_table": "customers"}),
        ("customers", {"source_schema": None, "source_table": None}),
        ("public.customers", {"source_schema": None, "source_table": None}),
        ("public.customers", {"source_schema": "public", "source_table": None}),
    ],
)
def test_a_rule_finds_the_table_by_whatever_names_it(
    table: str, names: dict[str, str | None]
) -> None:
    topic = "routed" if table == "shop.customers" else "shop.public.customers"

    record = redacted(a_customer(**names), mask("email", table), topic=topic)

    assert record.value_notes == '{"email":"masked"}'


def test_a_topic_names_the_schema_of_its_table_where_the_record_names_none() -> None:
    record = a_customer(source_schema=None)

    of_topic = redacted(record, mask("email", "public.customers"), topic="shop.public.customers")
    of_other = redacted(record, mask("email", "public.customers"), topic="shop.public.orders")

    assert of_topic.value_notes == '{"email":"masked"}'
    assert of_other is record


def test_a_topic_of_one_word_stands_for_a_table() -> None:
    names = dict.fromkeys(("source_schema", "source_database", "source_table"))

    assert redacted(a_customer(**names), mask("email", "crm"), topic="crm").value_notes


# headers


@pytest.mark.parametrize("name", KEY_HEADERS)
@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (KEY, MASKED_KEY),
        (
            f'{{"schema": {{"type":"struct"}}, "payload": {KEY}}}',
            f'{{"schema": {{"type":"struct"}}, "payload": {MASKED_KEY}}}',
        ),
        (f'{{"payload":{KEY},"schema":null}}', f'{{"payload":{MASKED_KEY},"schema":null}}'),
        ('{"payload":{"a":1},"email":"x"}', f'{{"payload":{{"a":1}},"email":"{MASK}"}}'),
        ('{"id":1}', '{"id":1}'),
    ],
)
def test_keys_in_headers_are_redacted_wrapped_or_not(name: str, stored: str, expected: str) -> None:
    headers = headers_of((name, stored), ("trace", KEY))

    record = redacted(a_customer(headers=headers), mask("email"))

    assert json.loads(record.headers or "") == [[name, expected], ["trace", KEY]]


def test_a_key_in_a_header_loses_dropped_columns() -> None:
    record = redacted(a_customer(headers=headers_of((KEY_HEADERS[0], KEY))), drop("email"))

    assert json.loads(record.headers or "") == [[KEY_HEADERS[0], '{"id":1}']]


UNREADABLE = [
    "Struct{email=old@x.example,id=1}",
    '"old@x.example"',
    '{"email":"old@x.example"} and more',
    r'{"em\qail":"old@x.example"}',
    '{"schema":null,"payload":"old@x.example"}',
    {"hex": "00ff"},
]


@pytest.mark.parametrize("value", UNREADABLE)
@pytest.mark.parametrize("key", [KEY, None])
def test_a_key_in_a_header_that_cannot_be_read_is_masked_where_keys_may_be_redacted(
    value: object, key: str | None
) -> None:
    record = a_customer(record_key=key, headers=headers_of((KEY_HEADERS[1], value)))

    assert json.loads(redacted(record, mask("email")).headers or "") == [[KEY_HEADERS[1], MASK]]


@pytest.mark.parametrize("value", [*UNREADABLE, None])
def test_a_key_in_a_header_that_cannot_be_read_stays_where_keys_are_not_redacted(
    value: object,
) -> None:
    record = a_customer(headers=headers_of((KEY_HEADERS[1], value)))

    assert redacted(record, mask("email")).headers == record.headers


def test_a_null_in_a_header_is_no_key() -> None:
    headers = headers_of((KEY_HEADERS[0], None))

    assert redacted(a_customer(record_key=None, headers=headers), mask("email")).headers == headers


def test_a_header_of_a_columns_name_repeats_the_column() -> None:
    headers = headers_of(("Email", "old@x.example"), ("phone", "1"), ("email", None), ("id", "1"))

    record = redacted(a_customer(headers=headers), mask("email"), drop("phone"))

    assert json.loads(record.headers or "") == [["Email", MASK], ["email", None], ["id", "1"]]


def test_where_no_header_is_left_there_are_none() -> None:
    assert redacted(a_customer(headers='[["phone","1"]]'), drop("phone")).headers is None


def test_headers_with_nothing_to_redact_keep_their_text() -> None:
    headers = '[ ["trace", "\\u00e4"], [{"hex": "ff00"}, null] ]'

    assert redacted(a_customer(headers=headers), mask("email")).headers == headers


# metadata


@pytest.mark.parametrize(
    "name", ["query", "redo_sql", "source_query", "iodebeziumquery", "iodebeziumredosql"]
)
def test_the_text_of_the_statement_is_masked_for_tables_with_a_rule(name: str) -> None:
    metadata = f'{{"connector":"mysql","{name}":"UPDATE 1"}}'
    record = a_customer(source_metadata=metadata)

    of_it, of_another = (redacted(record, mask("phone", t)) for t in ("customers", "orders"))

    assert of_it.source_metadata == f'{{"connector":"mysql","{name}":"{MASK}"}}'
    assert of_another.source_metadata == metadata


@pytest.mark.parametrize("name", ["__query", "__source_query", "__source_redo_sql"])
def test_the_text_of_the_statement_is_masked_in_headers(name: str) -> None:
    record = redacted(a_customer(headers=headers_of((name, "UPDATE 1"))), mask("email"))

    assert json.loads(record.headers or "") == [[name, MASK]]


@pytest.mark.parametrize(
    "metadata",
    [
        '{ "connector" : "mysql", "query":null, "gtid":"a:1" }',
        '{"queryable":"yes","sql":"no","file":"query.sql","envelope":"x"}',
        '{"envelope":{"added":"updateDescription","query_id":1}}',
        '{"":"query"}',
        r'{ "" : "{\"query\":null,\"nul\":\"\\u0000\"}" }',
    ],
)
def test_other_metadata_keeps_its_text(metadata: str) -> None:
    record = a_customer(source_metadata=metadata)

    assert redacted(record, mask("email")).source_metadata == metadata


def test_a_statement_is_masked_inside_a_source_block_that_was_escaped_whole() -> None:
    block = escape_whole(r'{"query":"SET email = old@x.example\u0000","ts_ms":1}')

    record = redacted(a_customer(source_metadata=block), mask("email"))

    assert record.source_metadata is not None
    assert unescape_image(record.source_metadata, None) == f'{{"query":"{MASK}","ts_ms":1}}'


@pytest.mark.parametrize("name", ["updateDescription", "patch", "filter"])
def test_mongodbs_descriptions_of_an_update_are_masked(name: str) -> None:
    added = f'{{"{name}":{{"updatedFields":"{{}}"}},"sms":1}}'
    metadata = f'{{"connector":"mongodb","envelope":{added},"ord":1}}'

    record = redacted(a_customer(source_metadata=metadata), mask("email"))

    assert json.loads(record.source_metadata or "") == {
        "connector": "mongodb",
        "envelope": {name: MASK, "sms": 1},
        "ord": 1,
    }


def test_what_a_transform_added_to_the_envelope_is_redacted_by_its_name() -> None:
    metadata = '{"connector":"mysql","envelope":{"email":"old@x.example","phone":1,"sms":1}}'

    record = redacted(a_customer(source_metadata=metadata), mask("email"), drop("phone"))

    assert record.source_metadata == (
        f'{{"connector":"mysql","envelope":{{"email":"{MASK}","sms":1}}}}'
    )

"""Types that were learned from the source's catalog: which rows they hold for."""

import pytest

from adapters.debezium.decoder import DebeziumDecoder
from domain.audit_record import AuditRecord
from domain.source_types import SourceType
from tests.unit.debezium.records import a_consumed, a_source, an_envelope

ROW = {"id": 1, "n": "bg==", "d": 20512}


@pytest.mark.parametrize(
    ("transaction", "notes"),
    [
        (554, '{"n":"undecoded","d":"undecoded"}'),
        (555, '{"n":"undecoded"}'),
        (599, '{"n":"undecoded"}'),
        (600, None),
        (2**31, None),
        (None, None),
    ],
)
def test_what_the_catalog_says_is_not_used_for_rows_written_before(
    transaction: int | None, notes: str | None
) -> None:
    columns = {"n": SourceType("numeric(10,2)", 600), "d": SourceType("date", 555)}
    decoder = DebeziumDecoder()
    decoder.learn({"inventory.public.customers": {**columns, "id": SourceType("bigint", 1)}})
    envelope = an_envelope("c", after=ROW, source=a_source(txId=transaction))

    record = decoder.decode(a_consumed(envelope), 1)

    assert isinstance(record, AuditRecord)
    assert record.value_notes == notes


def test_transactions_are_compared_across_the_end_of_their_numbers() -> None:
    decoder = DebeziumDecoder()
    decoder.learn({"inventory.public.customers": {"n": SourceType("numeric(10,2)", 2**32 - 5)}})
    after_it = an_envelope("c", after={"n": "bg=="}, source=a_source(txId=3))
    before_it = an_envelope("c", after={"n": "bg=="}, source=a_source(txId=2**32 - 9))

    results = [decoder.decode(a_consumed(value), 1) for value in (after_it, before_it)]

    assert [r.new_data for r in results if isinstance(r, AuditRecord)] == [
        '{"n":"1.10"}',
        '{"n":"bg=="}',
    ]


def test_the_configuration_goes_before_the_catalog() -> None:
    decoder = DebeziumDecoder(column_types={"public.customers": {"n": "numeric(10,4)"}})
    decoder.learn(
        {"inventory.public.customers": {"n": SourceType("numeric(10,2)"), "d": SourceType("date")}}
    )

    record = decoder.decode(a_consumed(an_envelope("c", after=ROW)), 1)

    assert isinstance(record, AuditRecord)
    assert record.new_data == '{"id":1,"n":"0.0110","d":"2026-02-28"}'
    assert record.value_notes == '{"id":"undecoded"}'


@pytest.mark.parametrize(
    ("milliseconds", "notes"),
    [
        (1_700_000_000_999, '{"*":"undecoded"}'),
        (1_700_000_001_000, None),
        (None, '{"*":"undecoded"}'),
    ],
)
def test_what_a_catalog_says_is_not_used_for_rows_from_before_the_end_of_its_second(
    milliseconds: int | None, notes: str | None
) -> None:
    decoder = DebeziumDecoder()
    decoder.learn({"shop.orders": {"n": SourceType("decimal(10,2)", changed_at=1_700_000_000)}})
    source = {"connector": "mysql", "name": "s", "db": "shop", "table": "orders"}
    envelope = an_envelope("c", after={"n": "bg=="}, source={**source, "ts_ms": milliseconds})

    record = decoder.decode(a_consumed(envelope), 1)

    assert isinstance(record, AuditRecord)
    assert record.value_notes == notes

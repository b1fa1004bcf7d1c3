"""A few damaged records, each time with a real trail; and that the campaign would find faults."""

import json
from collections.abc import Iterator

import msgspec
import pytest

from adapters.debezium.decoder import DebeziumDecoder
from adapters.postgres.row_encoder import PostgresRowEncoder
from domain.audit_record import AuditRecord
from domain.consumed import ConsumedRecord
from tests.builders import a_batch, a_control_message, a_quarantined_record, a_record
from tests.mutations.campaign import BATCH, Campaign
from tests.mutations.checking import UNEXPECTED, faults, is_refused, json_fault, jsonb_fault
from tests.mutations.json_spans import spans_of
from tests.mutations.originals import Shape, every_shape
from tests.mutations.storing import StoredSample, stored_sample

ENCODER = PostgresRowEncoder(1)


@pytest.fixture(scope="module")
def shapes() -> list[Shape]:
    return list(every_shape())


@pytest.fixture
def sample() -> Iterator[StoredSample]:
    with stored_sample() as sample:
        yield sample


@pytest.mark.postgres
def test_every_damaged_record_becomes_something_and_can_be_selected(
    shapes: list[Shape], sample: StoredSample
) -> None:
    campaign = Campaign(shapes, seed=4, store=sample.keep, store_every=3)

    *_, progress = campaign.run(6 * BATCH)

    assert progress.findings == []
    assert sum(progress.outcomes.values()) == progress.done == 6 * BATCH
    assert progress.stored == 2 * BATCH
    assert sample.count() > 0


def test_the_same_numbers_give_the_same_records(shapes: list[Shape]) -> None:
    first, again, other = (Campaign(shapes, seed, store=None) for seed in (1, 1, 2))

    assert first.records(BATCH, 50) == again.records(BATCH, 50)
    assert first.records(BATCH, 50) != other.records(BATCH, 50)


class BrokenDecoder(DebeziumDecoder):
    """Fails as nobody expects."""

    def decode(self, record: ConsumedRecord, stream_id: int) -> AuditRecord:
        """Fail."""
        raise KeyError(stream_id, record.offset)


def test_an_exception_is_found(shapes: list[Shape]) -> None:
    broken = [Shape(s.name, s.originals, BrokenDecoder()) for s in shapes]
    campaign = Campaign(broken, seed=1, store=None)

    *_, progress = campaign.run(10)

    assert len(progress.findings) == 10
    assert UNEXPECTED in progress.findings[0].text


@pytest.mark.parametrize(
    ("image", "fault"),
    [
        (r'{"a":"\u0000"}', r"\u0000"),
        (r'{"\ud800":1}', "half a surrogate pair"),
        ('{"a":1e999999}', "beyond numeric"),
        ('{"a":' + "[" * 2000 + "]" * 2000 + "}", "too deep"),
        ('{"a":NaN}', "NaN is no JSON"),
        ('{"a":1', "delimiter"),
    ],
)
def test_an_image_that_no_reader_could_cast_is_found(image: str, fault: str) -> None:
    batch = a_batch(ENCODER, [a_record(new_data=image)])

    (found,) = faults(batch)

    assert fault in found


def test_a_number_that_no_column_holds_is_found() -> None:
    batch = a_batch(ENCODER, [a_record(transaction_order=2**63)])

    (found,) = faults(batch)

    assert found.endswith("transaction_order: 9223372036854775808 is not in 8 bytes")


def test_what_postgresql_takes_is_no_fault() -> None:
    image = json.dumps({"a": ["\t\\N\n", 1.50, 10**400, None, "😀"], "é": {}})

    batch = a_batch(
        ENCODER,
        [a_record(new_data=image, old_data=None, change_user="a\tb\\c\nd")],
        control=[a_control_message(1)],
        quarantined=[a_quarantined_record(2)],
    )

    assert list(faults(batch)) == []
    assert json_fault(r'"\u0000"') is None
    assert jsonb_fault("1e300") is None


@pytest.mark.parametrize("kept", [slice(1, None), slice(-1), slice(100)])
def test_a_row_that_is_torn_is_found(kept: slice) -> None:
    batch = a_batch(ENCODER, [a_record()])
    torn = msgspec.structs.replace(batch, rows=batch.rows[kept])

    assert [*faults(torn)] != []


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_a_row_that_postgresql_refuses_is_told_from_others(text: str) -> None:
    assert is_refused(ENCODER.encode(a_record(change_user=text)))
    assert is_refused(ENCODER.encode(a_record(changed_columns=("id", text))))
    assert not is_refused(ENCODER.encode(a_record(changed_columns=())))


def test_the_parts_of_a_json_text_are_where_they_are() -> None:
    text = b'{"schema": {"x":[1,{"y":"}"}]}, "b" :[[],{}] }'

    found = {text[p.start : p.end]: text[p.value : p.end] for p in spans_of(text)}

    assert found == {
        b"1": b"1",
        b'"y":"}"': b'"}"',
        b'{"y":"}"}': b'{"y":"}"}',
        b'"x":[1,{"y":"}"}]': b'[1,{"y":"}"}]',
        b'"schema": {"x":[1,{"y":"}"}]}': b'{"x":[1,{"y":"}"}]}',
        b"[]": b"[]",
        b"{}": b"{}",
        b'"b" :[[],{}]': b"[[],{}]",
    }
    assert {text[p.start : p.end] for p in spans_of(text) if p.in_schema} == {
        *(b"1", b'"y":"}"', b'{"y":"}"}', b'"x":[1,{"y":"}"}]'),
    }
    assert list(spans_of(b"{")) == []

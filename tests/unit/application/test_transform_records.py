"""What becomes of each record, and what is kept of it."""

import pytest

from adapters.memory.row_encoder import split_rows
from application.transform_records import transform_records
from domain.control import COUNTED_ONLY, ControlKind
from domain.disposition import Tally
from domain.gap import GapCause
from tests.builders import DAY, a_raw_record
from tests.unit.application.words import (
    CUSTOMERS,
    ORDERS,
    RefusingEncoder,
    WordDecoder,
    a_slice,
    a_slice_of,
    transformed,
)


def test_each_disposition_is_counted_where_it_belongs() -> None:
    batch = transformed(a_slice(b"row", b"row", b"snapshot", b"heartbeat", b"skip", b"bad"))

    (advance,) = batch.advances
    assert advance.tally == Tally(audited=2, baseline=1, control=1, skipped=1, quarantined=1)
    assert (advance.expected, advance.next_offset) == (0, 6)


def test_rows_are_encoded_in_the_order_of_their_offsets() -> None:
    batch = transformed(a_slice(b"row", b"skip", b"row", b"snapshot"))

    rows = list(split_rows(batch.rows))

    assert [row.kafka_offset for row in rows] == [0, 2, 3]
    assert batch.row_count == 3
    assert batch.operations == {(ORDERS.topic, "UPDATE"): 2, (ORDERS.topic, "SNAPSHOT"): 1}


def test_partitions_advance_in_sorted_order_whatever_the_order_of_slices() -> None:
    batch = transformed(a_slice(b"row", partition=CUSTOMERS), a_slice(b"row", b"row"))

    assert [advance.partition for advance in batch.advances] == [ORDERS, CUSTOMERS]
    assert [row.stream_id for row in split_rows(batch.rows)] == [1, 1, 2]
    assert batch.operations == {(ORDERS.topic, "UPDATE"): 2, (CUSTOMERS.topic, "UPDATE"): 1}


def test_days_and_the_newest_change_are_those_of_the_rows() -> None:
    batch = transformed(
        a_slice(b"row", expected=0), a_slice(b"row", partition=CUSTOMERS, expected=7200)
    )

    first, second = (row.change_timestamp for row in split_rows(batch.rows))
    assert batch.newest_change == max(first, second)
    assert batch.days == {first // DAY, second // DAY}
    assert len(batch.days) == 2


def test_a_batch_without_rows_has_no_day_and_no_newest_change() -> None:
    batch = transformed(a_slice(b"skip"))

    assert (batch.rows, batch.row_count) == (b"", 0)
    assert (batch.days, batch.newest_change) == (frozenset[int](), None)


@pytest.mark.parametrize("kind", list(ControlKind))
def test_control_messages_are_kept_unless_they_are_only_counted(kind: ControlKind) -> None:
    batch = transformed(a_slice(kind.value.encode()))

    assert batch.control_kinds == {(ORDERS.topic, kind.value): 1}
    assert [message.kind for message in batch.control] == ([] if kind in COUNTED_ONLY else [kind])
    assert batch.advances[0].tally == Tally(control=1)


def test_poison_is_kept_with_its_bytes_and_says_what_is_wrong() -> None:
    batch = transformed(a_slice(b"row", b"bad"))

    (bad,) = batch.quarantined
    assert (bad.stream_id, bad.topic, bad.kafka_partition, bad.kafka_offset) == (
        1,
        ORDERS.topic,
        0,
        1,
    )
    assert (bad.key, bad.value, bad.headers) == (b'{"id":1}', b"bad", (("trace", b"1"),))
    assert (bad.error_type, bad.error_message) == ("ValidationError", "the value says bad")


def test_a_defect_of_ours_is_poison_too_and_asks_to_be_reported() -> None:
    batch = transformed(a_slice(b"defect", b"row"))

    (bad,) = batch.quarantined
    assert batch.row_count == 1
    assert bad.error_type == "RecursionError"
    assert "decoding failed unexpectedly (RecursionError: too deep)" in bad.error_message
    assert "report it" in bad.error_message


def test_a_message_that_no_store_takes_as_text_is_escaped() -> None:
    batch = transformed(a_slice(b"unspeakable"))

    (bad,) = batch.quarantined
    assert bad.error_message == r"NUL \0 and half a pair \ud800"


def test_a_row_that_cannot_be_encoded_is_poison_and_counted_once() -> None:
    batch = transform_records(WordDecoder(), RefusingEncoder(), [a_slice(b"row", b"row", b"row")])

    assert batch.advances[0].tally == Tally(audited=2, quarantined=1)
    assert [bad.kafka_offset for bad in batch.quarantined] == [1]
    assert batch.operations == {(ORDERS.topic, "UPDATE"): 2}


def test_a_record_without_a_timestamp_is_quarantined_without_one() -> None:
    record = a_raw_record(0, value=b"bad", timestamp=-1)

    batch = transformed(a_slice_of([record], expected=0, next_offset=1))

    assert batch.quarantined[0].kafka_timestamp is None


def test_a_record_that_is_too_large_is_quarantined_by_reference() -> None:
    large = a_raw_record(4, key=b"k" * 40, value=b"v" * 61)

    batch = transformed(a_slice_of([large], expected=4, next_offset=5), max_record_bytes=100)

    (bad,) = batch.quarantined
    assert (bad.key, bad.value) == (None, None)
    assert bad.error_type == "RecordTooLargeError"
    assert bad.kafka_offset == 4
    assert "shop.public.orders, partition 0, offset 4" in bad.error_message
    assert "a key of 40 bytes and a value of 61 bytes" in bad.error_message
    assert "max_record_bytes = 100" in bad.error_message


def test_a_record_of_exactly_the_largest_size_is_decoded() -> None:
    record = a_raw_record(0, key=b"k" * 40, value=b"v" * 60)

    batch = transformed(a_slice_of([record], expected=0, next_offset=1), max_record_bytes=100)

    assert batch.row_count == 1


def test_offsets_without_a_record_are_absent_and_no_gap() -> None:
    records = [a_raw_record(3), a_raw_record(6)]

    batch = transformed(a_slice_of(records, expected=2, next_offset=9))

    (advance,) = batch.advances
    assert advance.tally == Tally(audited=2, absent=5)
    assert advance.gaps == ()


def test_in_a_compacted_log_each_hole_is_a_gap() -> None:
    records = [a_raw_record(3), a_raw_record(4), a_raw_record(6)]

    batch = transformed(a_slice_of(records, expected=2, next_offset=9, compacted=True))

    (advance,) = batch.advances
    assert [(gap.first_offset, gap.next_offset) for gap in advance.gaps] == [(2, 3), (5, 6), (7, 9)]
    assert {gap.cause for gap in advance.gaps} == {GapCause.COMPACTED}
    assert {(gap.stream_id, gap.partition) for gap in advance.gaps} == {(1, 0)}
    assert advance.gaps[-1].evidence == (
        "topic shop.public.orders has cleanup.policy compact, and carries no records at the "
        "offsets 7 to 8"
    )


def test_a_compacted_log_without_holes_has_no_gap() -> None:
    batch = transformed(a_slice(b"row", b"row", compacted=True))

    assert batch.advances[0].gaps == ()


def test_a_slice_without_records_moves_the_offset_all_the_same() -> None:
    batch = transformed(a_slice_of([], expected=5, next_offset=8))

    (advance,) = batch.advances
    assert (advance.expected, advance.next_offset) == (5, 8)
    assert advance.tally == Tally(absent=3)

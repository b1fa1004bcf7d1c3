"""What was committed is counted once, told once, and timed."""

from adapters.memory.row_encoder import MemoryRowEncoder
from application.ledger import MAX_TRACEPARENTS, Ledger, StageClock, traceparents
from domain.consumed import ConsumedBatch, PartitionSlice
from domain.stream import StreamPartition
from tests.builders import (
    a_batch,
    a_consumed_batch,
    a_control_message,
    a_quarantined_record,
    a_raw_record,
    a_record,
)
from tests.pipelines import Reports

ORDERS = StreamPartition(1, 0, "shop.public.orders")
ENCODER = MemoryRowEncoder()


def a_ledger(reports: Reports | None = None, *, now: float = 50.0) -> Ledger:
    return Ledger(reports or Reports(), lambda: now)


def test_records_are_counted_by_disposition() -> None:
    ledger = a_ledger()
    batch = a_batch(
        ENCODER,
        [a_record(0), a_record(1)],
        control=[a_control_message(2)],
        quarantined=[a_quarantined_record(5)],
    )

    ledger.committed(batch, a_consumed_batch(batch), (), ())

    assert ledger.records == {"audited": 2, "control": 1, "quarantined": 1}
    assert (ledger.batches, ledger.last_progress) == (1, 50.0)


def test_what_the_database_refused_counts_as_quarantined() -> None:
    ledger = a_ledger()
    batch = a_batch(ENCODER, [a_record(0), a_record(1)])

    ledger.committed(batch, a_consumed_batch(batch), (), [a_quarantined_record(1)])

    assert ledger.records == {"audited": 1, "quarantined": 1}


def test_the_observer_is_told_of_the_batch() -> None:
    reports = Reports()
    batch = a_batch(ENCODER, [a_record(0), a_record(1)])
    source = a_consumed_batch(batch)
    clock = StageClock()
    clock.polled(0.5)

    a_ledger(reports).committed(batch, source, clock.stages, [a_quarantined_record(1)])

    (report,) = reports.all
    assert report.batch is batch
    assert (report.record_count, report.size) == (2, source.size)
    assert [stage.stage for stage in report.stages] == ["poll"]
    assert [bad.kafka_offset for bad in report.refused] == [1]


def test_positions_are_given_once_and_the_latest_counts() -> None:
    ledger = a_ledger()
    for offset in (0, 1):
        batch = a_batch(ENCODER, [a_record(offset)])
        ledger.committed(batch, a_consumed_batch(batch), (), ())

    first = dict(ledger.take_positions())
    second = dict(ledger.take_positions())

    assert first == {ORDERS: 2}
    assert second == {}


def test_positions_of_what_is_somebody_elses_are_not_told() -> None:
    ledger = a_ledger()
    batch = a_batch(ENCODER, [a_record(0), a_record(0, kafka_partition=1)])
    ledger.committed(batch, a_consumed_batch(batch), (), ())

    ledger.forget([ORDERS])

    assert list(ledger.take_positions()) == [StreamPartition(1, 1, "shop.public.orders")]


def test_before_the_first_batch_there_is_no_progress() -> None:
    ledger = a_ledger()

    assert (ledger.batches, ledger.last_progress, dict(ledger.records)) == (0, None, {})


def test_stages_are_told_in_order_with_a_begin_and_an_end() -> None:
    clock = StageClock()
    clock.polled(2.0)
    for stage in ("transform", "append"):
        clock.start()
        clock.end(stage)

    poll, transform, append = clock.stages

    assert [s.stage for s in clock.stages] == ["poll", "transform", "append"]
    assert poll.end_ns - poll.start_ns == 2_000_000_000
    assert transform.start_ns <= transform.end_ns <= append.start_ns <= append.end_ns


def test_a_stage_that_is_tried_again_is_told_once() -> None:
    clock = StageClock()
    for _ in range(2):
        clock.start()
        clock.end("transform")

    assert [stage.stage for stage in clock.stages] == ["transform"]


def a_traced_slice(partition: int, *headers: tuple[str, bytes | None]) -> PartitionSlice:
    records = [a_raw_record(0, headers=headers), a_raw_record(1, headers=(("traceparent", b"no"),))]
    return PartitionSlice(StreamPartition(1, partition, "orders"), 0, 2, records)


def test_trace_contexts_are_those_of_the_first_records() -> None:
    slices = [
        a_traced_slice(0, ("other", b"x"), ("traceparent", b"00-a")),
        a_traced_slice(1, ("traceparent", None)),
        a_traced_slice(2, ("traceparent", b"00-\xff")),
        PartitionSlice(StreamPartition(1, 3, "orders"), 0, 2, []),
    ]

    assert list(traceparents(ConsumedBatch(slices, 0, 0.0))) == ["00-a", "00-\ufffd"]


def test_trace_contexts_are_a_sample() -> None:
    slices = [a_traced_slice(number, ("traceparent", b"00-a")) for number in range(50)]

    assert len(traceparents(ConsumedBatch(slices, 0, 0.0))) == MAX_TRACEPARENTS

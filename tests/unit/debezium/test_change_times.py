"""Which clock a change is dated by, for each thing that a record may say of its time."""

import pytest

from domain.audit_record import AuditRecord
from domain.operation import TimestampSource
from tests.unit.debezium.records import AT, a_source, an_envelope, audited

DAY = 86_400_000


def dated(envelope_ms: int | None = None, **source: object) -> AuditRecord:
    envelope = an_envelope(after={"id": 1}, source=a_source(**source))
    envelope["ts_ms"] = envelope_ms
    return audited(envelope)


def test_the_finest_of_the_sources_times_counts() -> None:
    coarse = dated(ts_ms=AT)
    fine = dated(ts_ms=AT, ts_us=AT * 1000 + 7)
    finest = dated(ts_ms=AT, ts_us=AT * 1000 + 7, ts_ns=AT * 1_000_000 + 9_999)

    assert coarse.change_timestamp == AT * 1000
    assert fine.change_timestamp == AT * 1000 + 7
    assert finest.change_timestamp == AT * 1000 + 9
    assert finest.timestamp_source is TimestampSource.SOURCE


def test_without_a_time_of_the_source_the_connectors_counts() -> None:
    record = dated(AT + 500, ts_ms=None)

    assert record.change_timestamp == (AT + 500) * 1000
    assert record.timestamp_source is TimestampSource.ENVELOPE
    assert record.captured_at == (AT + 500) * 1000


@pytest.mark.parametrize("wild", [0, AT + 2 * DAY, 10**17, -1, 2**70])
def test_a_wild_time_is_replaced_by_kafkas_and_kept_in_the_source_block(wild: int) -> None:
    record = dated(AT, ts_ms=wild)

    assert record.change_timestamp == AT * 1000
    assert record.timestamp_source is TimestampSource.KAFKA
    assert f'"ts_ms":{wild}' in (record.source_metadata or "")


@pytest.mark.parametrize(
    ("ts_ms", "micros"),
    [(AT, AT * 1000), (AT * 1000 + 5, AT * 1000 + 5), (AT * 1_000_000 + 9_000, AT * 1000 + 9)],
)
def test_cassandras_digits_tell_the_unit(ts_ms: int, micros: int) -> None:
    record = dated(connector="cassandra", keyspace="k", ts_ms=ts_ms)

    assert record.change_timestamp == micros


def test_mongodbs_wall_time_is_the_finer_one() -> None:
    assert (
        dated(connector="mongodb", ts_ms=AT, wallTime=AT + 321).change_timestamp
        == (AT + 321) * 1000
    )


@pytest.mark.parametrize("odd", ["soon", 1.5, [], {}, True])
def test_a_time_of_another_type_is_no_time(odd: object) -> None:
    record = dated(AT, ts_ms=odd)

    assert record.timestamp_source is TimestampSource.ENVELOPE
    assert record.source_table == "customers"

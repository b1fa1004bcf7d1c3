"""What `/api/v1` answers with about gaps, the quarantine and looks, and what it takes of them."""

import base64
from collections.abc import Sequence

import msgspec

from application.access_log import Look
from application.retry_quarantined import RetryReport
from domain.gap import LedgerGap
from domain.quarantine import QuarantinedRecord
from domain.quarantine_entry import QuarantineEntry, QuarantineEvent
from entrypoints.http.page_times import iso


class Acknowledged(msgspec.Struct, frozen=True, kw_only=True):
    """Who took note of a gap, when, and why it is acceptable."""

    at: str
    by: str
    reason: str


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """
    A gap: offsets that are not in the trail, or changes that never came (`kind`).

    `next_offset` is behind what is missing; it is `first_offset` where nobody can say. `is_open`
    says that changes may be lost, and nobody took note yet.
    """

    id: int
    kind: str
    topic: str
    incarnation: int
    stream: int
    partition: int
    first_offset: int
    next_offset: int
    cause: str
    evidence: str
    found_at: str
    is_open: bool
    acknowledged: Acknowledged | None


class GapPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of gaps, newest first; `older` is the `before` of the next one."""

    gaps: Sequence[Gap]
    older: str | None


class Reason(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why something is done: it is kept, for whoever asks later."""

    reason: str


class RetryNow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing is needed: send ``{}``."""


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """
    A record that could not be audited.

    The sizes are those that key and value had in Kafka, in bytes; null for Kafka's null.
    """

    id: int
    topic: str
    stream: int
    partition: int
    offset: int
    kafka_time: str | None
    error_type: str
    error_message: str
    key_size: int | None
    value_size: int | None
    quarantined_at: str
    retries: int
    max_retries: int
    next_retry_at: str | None
    is_open: bool
    resolved_at: str | None
    resolution: str | None
    resolution_note: str | None


class QuarantinePage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the quarantine, newest first; `older` is the `before` of the next one."""

    entries: Sequence[Quarantined]
    older: str | None


class QuarantineHistory(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to an entry of the quarantine."""

    at: str
    kind: str
    actor: str | None
    error_type: str | None
    message: str | None


class RawHeader(msgspec.Struct, frozen=True, kw_only=True):
    """A header of a record; its value is base64."""

    name: str
    value: str | None


class RawRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The bytes of a record as they are kept, in base64; encrypted where a key is named."""

    key: str | None
    value: str | None
    headers: Sequence[RawHeader]
    encryption_key: str | None


class QuarantineDetail(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the quarantine; `raw` is null for those who are no operator."""

    entry: Quarantined
    history: Sequence[QuarantineHistory]
    raw: RawRecord | None


class Retried(msgspec.Struct, frozen=True, kw_only=True):
    """
    How a retry ended: the record is in its place, or stays, or was gone from the quarantine.

    `became` and `what` say what it is now, `problem` why it stays.
    """

    id: int
    outcome: str
    became: str | None
    what: str | None
    error_type: str | None
    problem: str | None


class LookOut(msgspec.Struct, frozen=True, kw_only=True):
    """One look at the trail; `rows` is null where it is not known, as for a stream."""

    who: str
    via: str
    address: str | None
    action: str
    query: str
    status: int
    rows: int | None


class AccessLogOut(msgspec.Struct, frozen=True, kw_only=True):
    """The latest looks, the newest first."""

    looks: Sequence[LookOut]


def gap_out(gap: LedgerGap) -> Gap:
    """Show a gap."""
    noted = gap.acknowledged
    return Gap(
        id=gap.id,
        kind=gap.kind,
        topic=gap.topic,
        incarnation=gap.incarnation,
        stream=gap.stream_id,
        partition=gap.partition,
        first_offset=gap.first_offset,
        next_offset=gap.next_offset,
        cause=gap.cause,
        evidence=gap.evidence,
        found_at=iso(gap.first_seen),
        is_open=gap.is_open,
        acknowledged=None
        if noted is None
        else Acknowledged(at=iso(noted.at), by=noted.by, reason=noted.reason),
    )


def entry_out(entry: QuarantineEntry) -> Quarantined:
    """Show an entry of the quarantine, without its bytes."""
    record = entry.record
    key_size, value_size = record.sizes
    return Quarantined(
        id=entry.error_id,
        topic=record.topic,
        stream=record.stream_id,
        partition=record.kafka_partition,
        offset=record.kafka_offset,
        kafka_time=None if record.kafka_timestamp is None else iso(record.kafka_timestamp * 1000),
        error_type=record.error_type,
        error_message=record.error_message,
        key_size=key_size,
        value_size=value_size,
        quarantined_at=iso(entry.created_at),
        retries=entry.retry_count,
        max_retries=entry.max_retries,
        next_retry_at=_time(entry.next_retry_at),
        is_open=entry.is_open,
        resolved_at=_time(entry.resolved_at),
        resolution=entry.resolution,
        resolution_note=entry.resolution_note,
    )


def entry_detail_out(
    entry: QuarantineEntry, events: Sequence[QuarantineEvent], *, with_bytes: bool
) -> QuarantineDetail:
    """Show an entry of the quarantine, and what happened to it."""
    return QuarantineDetail(
        entry=entry_out(entry),
        history=[
            QuarantineHistory(
                at=iso(event.happened_at),
                kind=event.kind,
                actor=event.actor,
                error_type=event.error_type,
                message=event.message,
            )
            for event in events
        ],
        raw=_raw(entry.record) if with_bytes else None,
    )


def retried_out(report: RetryReport) -> Retried:
    """Show how a retry ended."""
    return Retried(
        id=report.entry.error_id,
        outcome=report.outcome,
        became=report.disposition,
        what=report.what,
        error_type=None if report.failure is None else report.failure.error_type,
        problem=None if report.failure is None else report.failure.error_message,
    )


def look_out(look: Look) -> LookOut:
    """Show a look."""
    return LookOut(
        who=look.who,
        via=look.via,
        address=look.address,
        action=look.action,
        query=look.query,
        status=look.status,
        rows=look.row_count,
    )


def _raw(record: QuarantinedRecord) -> RawRecord:
    return RawRecord(
        key=_base64(record.key),
        value=_base64(record.value),
        headers=[RawHeader(name=name, value=_base64(value)) for name, value in record.headers],
        encryption_key=record.encryption_key_id,
    )


def _base64(raw: bytes | None) -> str | None:
    return None if raw is None else base64.b64encode(raw).decode()


def _time(microseconds: int | None) -> str | None:
    return None if microseconds is None else iso(microseconds)

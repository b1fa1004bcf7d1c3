"""Entries of the quarantine in JSON, for programs; and as lines that `cdc-audit decode` reads."""

from base64 import b64encode
from collections.abc import Mapping, Sequence

from application.retry_quarantined import RetryReport
from domain.consumed import ConsumedRecord
from domain.quarantine import QuarantinedRecord
from domain.quarantine_entry import QuarantineEntry, QuarantineEvent
from domain.topic_order import TopicOrder
from entrypoints.quarantine.moments import shown

Told = dict[str, object]


def told(entry: QuarantineEntry) -> Told:
    """Tell an entry, without the bytes of its record."""
    bad = entry.record
    key_size, value_size = bad.sizes
    return {
        "id": entry.error_id,
        "state": state_of(entry),
        "topic": bad.topic,
        "partition": bad.kafka_partition,
        "offset": bad.kafka_offset,
        "record": bad.coordinates,
        "error_type": bad.error_type,
        "error_message": bad.error_message,
        "key_size": key_size,
        "value_size": value_size,
        "encryption_key_id": bad.encryption_key_id,
        "counted": entry.is_accounted,
        "quarantined_at": shown(entry.created_at),
        "retry_count": entry.retry_count,
        "max_retries": entry.max_retries,
        "next_retry_at": shown(entry.next_retry_at) if entry.is_open else None,
        "resolved_at": shown(entry.resolved_at),
        "resolution_note": entry.resolution_note,
    }


def state_of(entry: QuarantineEntry) -> str:
    """Say in a word how it is with an entry: ``open``, ``retried`` or ``resolved``."""
    return "open" if entry.is_open else entry.resolution or "resolved"


def told_event(event: QuarantineEvent) -> Told:
    """Tell what happened to an entry."""
    return {
        "at": shown(event.happened_at),
        "what": event.kind.value,
        "by": event.actor,
        "error_type": event.error_type,
        "message": event.message,
    }


def told_bytes(bad: QuarantinedRecord) -> Told:
    """Tell the bytes of a record, as they are kept or opened."""
    return {
        "key_base64": _base64(bad.key),
        "value_base64": _base64(bad.value),
        "headers": [[name, _base64(value)] for name, value in bad.headers],
    }


def told_line(record: ConsumedRecord, error_id: int) -> Told:
    """Tell a record as a line of `cdc-audit decode`."""
    return {
        "name": f"entry {error_id}",
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "key_base64": _base64(record.key),
        "value_base64": _base64(record.value),
        "headers": [[name, _base64(value)] for name, value in record.headers],
    }


def told_retries(reports: Sequence[RetryReport], *, is_rehearsal: bool) -> Told:
    """Tell how retries ended."""
    return {
        "dry_run": is_rehearsal,
        "retries": [
            {
                "id": report.entry.error_id,
                "outcome": report.outcome.value,
                "disposition": report.disposition and report.disposition.value,
                "what": report.what,
                "error_type": report.failure and report.failure.error_type,
                "error_message": report.failure and report.failure.error_message,
            }
            for report in reports
        ],
    }


def told_order(order: TopicOrder) -> Mapping[str, object]:
    """Tell an operator's order."""
    return {
        "topic": order.topic,
        "reason": order.reason,
        "ordered_at": shown(order.ordered_at),
        "ordered_by": order.ordered_by,
        "until": shown(order.until),
    }


def _base64(data: bytes | None) -> str | None:
    return None if data is None else b64encode(data).decode()

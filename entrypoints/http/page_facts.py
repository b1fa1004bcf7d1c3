"""What is known of a change besides its columns: who, when, where from, and the stored texts."""

from collections.abc import Sequence
from datetime import datetime

from application.trail_query import StoredRecord
from domain.audit_record import AuditRecord
from entrypoints.http import page_words
from entrypoints.http.page_links import transaction_of_url
from entrypoints.http.page_structs import Fact, RawText, TimeView
from entrypoints.http.page_times import ago, clock, day, iso, precise
from entrypoints.http.page_values import indented, visible, visible_lines


def time_view(microseconds: int, now: datetime) -> TimeView:
    """Show a time of the trail."""
    return TimeView(
        exact=iso(microseconds),
        precise=precise(microseconds),
        clock=clock(microseconds),
        day=day(microseconds),
        ago=ago(microseconds, now),
    )


def facts_of(stored: StoredRecord, now: datetime) -> Sequence[Fact]:
    """Tell who, when and where from, as a list of named facts."""
    r = stored.record
    times = (
        ("Changed", r.change_timestamp, page_words.CLOCKS[r.timestamp_source]),
        ("Captured", r.captured_at, "by the connector's clock"),
        ("In Kafka", r.kafka_timestamp, "by the broker's or producer's clock"),
        ("Recorded", stored.recorded_at, "by the trail's clock"),
    )
    facts = [
        Fact(name=name, text=iso(time), remark=remark, time=time_view(time, now))
        for name, time, remark in times
        if time is not None
    ]
    return [*_who(stored), *facts, *_where(stored)]


def _who(stored: StoredRecord) -> Sequence[Fact]:
    r = stored.record
    user = "not known from this record" if r.change_user is None else visible(r.change_user)
    facts = [Fact(name="User", text=user)]
    if r.transaction_id is not None:
        order = None if r.transaction_order is None else f"change {r.transaction_order} of it"
        facts.append(
            Fact(
                name="Transaction",
                text=visible(r.transaction_id),
                url=transaction_of_url(stored),
                remark=order,
                is_code=True,
            )
        )
    return facts


def _where(stored: StoredRecord) -> Sequence[Fact]:
    r = stored.record
    source = [r.connector, r.source_name, r.source_database]
    position = r.lsn or r.source_position
    facts = [
        Fact(
            name="Source",
            text=visible(" / ".join(part for part in source if part) or "not known"),
        ),
        Fact(
            name="Kafka",
            text=visible(stored.topic),
            remark=f"partition {r.kafka_partition}, offset {r.kafka_offset}, stream {r.stream_id}",
            is_code=True,
        ),
    ]
    if position is not None:
        facts.insert(1, Fact(name="Source position", text=visible(position), is_code=True))
    return facts


def stored_texts(r: AuditRecord) -> Sequence[RawText]:
    """The stored JSON texts, indented."""
    texts = (
        ("Source block", r.source_metadata),
        ("Record headers", r.headers),
        ("Notes on values", r.value_notes),
        ("Old row as stored", r.old_data),
        ("New row as stored", r.new_data),
    )
    return [
        RawText(name, visible_lines(indented(text))) for name, text in texts if text is not None
    ]

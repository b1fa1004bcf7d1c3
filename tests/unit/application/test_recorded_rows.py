"""Rows at the end of real recordings, against what the database itself told of each statement."""

import json
from collections.abc import Mapping

from adapters.memory.trail import MemoryStream, MemoryTrail
from adapters.memory.trail_readers import memory_readers
from application.questions import questions_to
from application.trail_query import StoredRecord
from domain.audit_record import AuditRecord
from domain.diff import key_columns
from domain.errors import TransformationError
from domain.row_identity import row_of
from domain.row_state import Existence
from tests.unit.debezium.recordings import decoder_of, recording, truth

Row = Mapping[str, str | None]

KEYS = "10-pg-keys"
"""A recording of tables with all kinds of keys, and with changes of keys."""


def trail_of(name: str) -> MemoryTrail:
    """Decode a recording into a trail."""
    trail, decoder = MemoryTrail(), decoder_of(name)
    topics: dict[str, int] = {}
    for record in recording(name):
        if record.topic not in topics:
            topics[record.topic] = len(topics) + 1
            trail.streams.append(
                MemoryStream(topics[record.topic], "cluster", record.topic, 1, None)
            )
        try:
            decoded = decoder.decode(record, topics[record.topic])
        except TransformationError:
            continue
        if isinstance(decoded, AuditRecord):
            place = (decoded.stream_id, decoded.kafka_partition, decoded.kafka_offset)
            trail.records[place] = StoredRecord(decoded, record.topic, 0)
    return trail


def true_rows(name: str, keys: Mapping[str, tuple[str, ...]]) -> dict[tuple[str, ...], Row]:
    """Replay what the database told: table and key to row, at the end."""
    rows: dict[tuple[str, ...], Row] = {}
    for change in truth(name):
        columns = keys.get(change.table)
        if columns is None:
            continue
        for row in (change.before, change.after):
            if row is not None:
                place = (change.table, *(row[c] or "" for c in columns))
                rows.pop(place, None)
                if row is change.after:
                    rows[place] = row
    return rows


async def test_rows_at_the_end_of_a_recording_are_those_of_the_database() -> None:
    trail = trail_of(KEYS)
    questions = questions_to(memory_readers(trail))
    records = [stored.record for stored in trail.records.values()]
    rows = {row for record in records if (row := row_of(record)) is not None}
    end = max(record.change_timestamp for record in records)
    keys = {r.source_table or "": tuple(key_columns(r)) for r in records if r.record_key}

    told: dict[tuple[str, ...], Row] = {}
    for row in rows:
        answer = await questions.row_at.at(row, end)
        if answer.state.existence is Existence.PRESENT:
            values = {
                c.name: None if c.value is None else _text(c.value.text)
                for c in answer.state.columns
            }
            table = row.source.source_table or ""
            told[(table, *(values[column] or "" for column in keys[table]))] = values

    assert told
    assert told == true_rows(KEYS, keys)


async def test_the_history_of_a_recorded_row_follows_both_changes_of_its_key() -> None:
    trail = trail_of(KEYS)
    questions = questions_to(memory_readers(trail))
    (last,) = [
        row
        for stored in trail.records.values()
        if (row := row_of(stored.record)) is not None
        and row.source.source_table == "pk1"
        and row.record_key == '{"id":110}'
    ]

    page = await questions.history.page(last)

    assert [row.record_key for row in page.keys] == ['{"id":110}', '{"id":10}', '{"id":1}']
    assert [entry.change.record.operation.value for entry in page.entries] == [
        "INSERT",
        "DELETE",
        "INSERT",
        "DELETE",
        "INSERT",
    ]


def _text(value: str | None) -> str | None:
    """A value as PostgreSQL prints it, of the types that these recordings have."""
    decoded = None if value is None else json.loads(value, parse_int=str, parse_float=str)
    return decoded if isinstance(decoded, str) else None

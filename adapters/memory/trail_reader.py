"""The trail reader in memory."""

import json
from collections.abc import Collection, Sequence

from adapters.memory.trail import MemoryTrail
from application.trail_query import (
    Cursor,
    StoredRecord,
    TrailQuery,
    ValueFilter,
    bare_text,
    json_forms,
)
from domain.audit_record import AuditRecord
from domain.jsonb_safety import members
from domain.redelivery import Certainty
from domain.source_table import SourceColumns, SourceTable


class MemoryTrailReader:
    """Reads a `MemoryTrail`."""

    def __init__(self, trail: MemoryTrail) -> None:
        self._trail = trail

    async def search(self, query: TrailQuery) -> Sequence[StoredRecord]:
        found = [s for s in self._in_order() if self._shows(s, query)]
        if query.before is not None:
            found = [s for s in found if s.place < query.before]
        return found[::-1][: query.limit]

    async def find(self, stream_id: int, partition: int, offset: int) -> StoredRecord | None:
        return self._trail.records.get((stream_id, partition, offset))

    async def position(self) -> Cursor:
        return Cursor(tuple(sorted((s, p, n) for (s, p), n in self._trail.positions().items())))

    async def since(
        self, cursor: Cursor, query: TrailQuery
    ) -> tuple[Sequence[StoredRecord], Cursor]:
        known = {(stream, partition): offset for stream, partition, offset in cursor.offsets}
        ends = dict(self._trail.positions())
        firsts = {key: offset.first_offset for key, offset in self._trail.offsets.items()}
        found: list[StoredRecord] = []
        for key in sorted(ends):
            start = known.get(key, firsts[key])
            for offset in range(start, ends[key]):
                stored = self._trail.records.get((*key, offset))
                if stored is None or not self._shows(stored, query):
                    continue
                if len(found) == query.limit:
                    ends[key] = offset
                    break
                found.append(stored)
        offsets = tuple(sorted((s, p, n) for (s, p), n in ends.items()))
        return sorted(found, key=lambda s: s.place), Cursor(offsets)

    async def sources(self) -> SourceColumns:
        return dict(self._trail.sources)

    def _shows(self, stored: StoredRecord, query: TrailQuery) -> bool:
        r = stored.record
        found = self._trail.redeliveries.get((r.stream_id, r.kafka_partition, r.kafka_offset))
        is_hidden = found is not None and found.certainty is Certainty.CERTAIN
        return _matches(stored, query) and (query.include_redeliveries or not is_hidden)

    def _in_order(self) -> Sequence[StoredRecord]:
        return sorted(self._trail.records.values(), key=lambda s: s.place)


def _matches(stored: StoredRecord, query: TrailQuery) -> bool:
    record = stored.record
    return (
        query.source_name in (None, record.source_name)
        and query.source_database in (None, record.source_database)
        and query.source_table in (None, record.source_table)
        and query.source_schema in (None, record.source_schema)
        and (query.tables is None or is_of(stored, query.tables))
        and query.operation in (None, record.operation)
        and query.transaction_id in (None, record.transaction_id)
        and query.change_user in (None, record.change_user)
        and query.changed_column in (None, *(record.changed_columns or ()))
        and (query.column_value is None or _has_value(record, query.column_value))
        and (query.text is None or _has_text(record, query.text))
        and (query.record_key is None or _is_key(record.record_key, query.record_key))
        and (query.since is None or record.change_timestamp >= query.since)
        and (query.until is None or record.change_timestamp < query.until)
    )


def is_of(stored: StoredRecord, tables: Collection[SourceTable]) -> bool:
    """Whether the change is of one of these tables, whatever the connector."""
    return stored.record.source_table is not None and _name(stored.source) in map(_name, tables)


def _name(source: SourceTable) -> tuple[str, str | None]:
    return source.source_schema or source.source_database or "", source.source_table


def _has_value(record: AuditRecord, wanted: ValueFilter) -> bool:
    """Whether a column has the value in one of the images as they are stored."""
    for image in (record.old_data, record.new_data):
        for member in members(image or "") or ():
            if json.loads(member.name) == wanted.column:
                text = (image or "")[member.start : member.end]
                if bare_text(text) == bare_text(wanted.value) and text != "null":
                    return True
    return False


def _has_text(record: AuditRecord, text: str) -> bool:
    places = (record.old_data, record.new_data, record.record_key)
    return any(
        form.lower() in place.lower() for form in json_forms(text) for place in places if place
    )


def _is_key(record_key: str | None, wanted: str) -> bool:
    """Whether `wanted` is the canonical key, or the bare value of a key of one column."""
    if record_key is None or record_key == wanted:
        return record_key is not None
    values = list(json.loads(record_key, parse_int=str, parse_float=str).values())
    return len(values) == 1 and str(values[0]) == wanted

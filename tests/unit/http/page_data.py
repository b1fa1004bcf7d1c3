"""A trail in memory that tests of the page write to, and the fields of typical changes."""

from collections.abc import Sequence
from typing import Any

import msgspec

from adapters.memory.trail import MemoryOffset, MemoryStream, MemoryTrail
from adapters.memory.trail_exporter import MemoryTrailExporter
from adapters.memory.trail_reader import MemoryTrailReader
from adapters.memory.trail_readers import memory_readers
from application.trail_query import Cursor, StoredRecord
from domain.audit_record import AuditRecord
from domain.errors import RepositoryError
from domain.operation import BeforeImage, OperationTypeEnum
from entrypoints.http.site import TrailSite, trail_site
from tests.builders import a_record


class PageTrail:
    """A trail that tests write to, record by record."""

    def __init__(self) -> None:
        self.memory = MemoryTrail()
        self._topics: dict[str, int] = {}

    def site(self, reader: MemoryTrailReader | None = None) -> TrailSite:
        """The trail as page and API have it; read by `reader`, if one is given."""
        readers = memory_readers(self.memory)
        if reader is not None:
            readers = msgspec.structs.replace(
                readers, trail=reader, catalog=reader, exports=MemoryTrailExporter(reader)
            )
        return trail_site(readers, live_interval=0.01)

    @property
    def reader(self) -> MemoryTrailReader:
        """Reads it, for the page."""
        return MemoryTrailReader(self.memory)

    def add(self, *, table: str = "orders", partition: int = 0, **fields: Any) -> StoredRecord:  # noqa: ANN401 - any field
        """Commit one record; its offset is the next one of its partition."""
        stream = self._stream(f"shop.public.{table}")
        key = (stream, partition)
        held = self.memory.offsets.get(key, MemoryOffset(0, 0, None, None))
        record = a_record(
            held.next_offset,
            **{"stream_id": stream, "kafka_partition": partition, "source_table": table, **fields},
        )
        stored = StoredRecord(record, self.memory.topic_of(stream), record.change_timestamp)
        self.memory.records[(*key, held.next_offset)] = stored
        self.memory.sources.setdefault(stored.source, frozenset())
        self.memory.offsets[key] = msgspec.structs.replace(held, next_offset=held.next_offset + 1)
        return stored

    def skip(self, *, table: str = "orders", partition: int = 0) -> None:
        """Commit a record that is no change: the partition moves on without one."""
        key = (self._stream(f"shop.public.{table}"), partition)
        held = self.memory.offsets.get(key, MemoryOffset(0, 0, None, None))
        self.memory.offsets[key] = msgspec.structs.replace(held, next_offset=held.next_offset + 1)

    def _stream(self, topic: str) -> int:
        if topic not in self._topics:
            number = len(self._topics) + 1
            self._topics[topic] = number
            self.memory.streams.append(MemoryStream(number, "cluster", topic, 1, None))
        return self._topics[topic]


class UnsteadyReader(MemoryTrailReader):
    """A reader whose database can go away. Whoever asks needs the trail's end or one record."""

    is_away = False

    async def position(self) -> Cursor:
        """Where the trail ends now, if it can be reached."""
        self._reach()
        return await super().position()

    async def find(self, stream_id: int, partition: int, offset: int) -> StoredRecord | None:
        """The record at these coordinates, if it can be reached."""
        self._reach()
        return await super().find(stream_id, partition, offset)

    def _reach(self) -> None:
        if self.is_away:
            raise RepositoryError("the database cannot be reached")


def an_insert(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """The fields of an INSERT."""
    return {
        "operation": OperationTypeEnum.INSERT,
        "old_data": None,
        "changed_columns": None,
        "before_image": BeforeImage.ABSENT,
        **fields,
    }


def a_delete(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """The fields of a DELETE."""
    return {
        "operation": OperationTypeEnum.DELETE,
        "new_data": None,
        "changed_columns": None,
        **fields,
    }


def a_truncate(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """The fields of a TRUNCATE: it has no rows."""
    return {
        "operation": OperationTypeEnum.TRUNCATE,
        "old_data": None,
        "new_data": None,
        "changed_columns": None,
        "before_image": BeforeImage.ABSENT,
        **fields,
    }


def without_old_row(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """The fields of an UPDATE of which the source did not send the old row."""
    return {
        "old_data": None,
        "changed_columns": None,
        "before_image": BeforeImage.ABSENT,
        **fields,
    }


def records(trail: PageTrail) -> Sequence[AuditRecord]:
    """Everything in the trail, in the order of writing."""
    return [stored.record for stored in trail.memory.records.values()]

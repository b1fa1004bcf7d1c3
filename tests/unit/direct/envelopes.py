"""Plain envelopes for the direct way, and what takes them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from adapters.debezium.config import DecoderConfig
from adapters.debezium.decoder import DebeziumDecoder
from adapters.debezium.registered_schemas import RegisteredSchemas
from adapters.direct.lines import IS_COMPILED, DirectLines
from adapters.postgres.row_encoder import PostgresRowEncoder
from application.ordinary_ports import OrdinaryLines, OrdinaryRun
from domain.audit_record import AuditRecord
from domain.consumed import ConsumedRecord, RawRecord
from domain.ordinary_change import OrdinaryChange
from tests.builders import a_raw_record
from tests.unit.debezium.ordinary_changes import AT, ENVELOPE, as_json, decoded, in_wrapper

KEY = b'{"id":1}'
AFTER: Mapping[str, Any] = {"id": 1, "status": "paid", "paid": True, "total": 2.5, "note": None}
"""The new row of the ordinary envelope."""

KEY_SCHEMA = {"type": "struct", "fields": [{"field": "id", "type": "int32", "optional": False}]}
ROWS: Mapping[str, Mapping[str, Any]] = {
    "c": {"before": None},
    "u": {},
    "d": {"after": None},
    "r": {"before": None},
}
"""Which rows an operation has, of those of the ordinary envelope."""


def plain(op: str, **members: object) -> bytes:
    """An ordinary envelope with this operation; `members` replace its own."""
    return as_json({**ENVELOPE, "op": op, "after": AFTER, **ROWS[op], **members})


def a_plain_record(
    value: bytes,
    key: bytes | None = KEY,
    *,
    offset: int = 0,
    timestamp: int = AT + 10,
    headers: Sequence[tuple[str, bytes | None]] = (),
) -> RawRecord:
    """A record of a plain envelope."""
    return a_raw_record(
        value=value, key=key, offset=offset, timestamp=timestamp, headers=tuple(headers)
    )


def a_run(lines: OrdinaryLines, *records: RawRecord) -> OrdinaryRun | None:
    """What lines make of records."""
    return lines.take(records, 0, 1, limit=1_000_000)


class BothWays:
    """
    The direct way, and a decoder and an encoder beside it.

    Args:
        lessons: What the direct way was taught by.
        schemas: Those that records name.
        config: The decoder's.
    """

    def __init__(
        self,
        lessons: Sequence[RawRecord] = (),
        *,
        schemas: RegisteredSchemas | None = None,
        **config: Any,  # noqa: ANN401 - the decoder's
    ) -> None:
        if not IS_COMPILED:
            pytest.skip(
                "adapters/direct is not compiled: install a C compiler, then `make install`"
            )
        settings = DecoderConfig(**config)
        self._judge = _Judge(settings, schemas=schemas)
        self._decoder = DebeziumDecoder(settings, schemas=schemas)
        self._encoder = PostgresRowEncoder(1)
        self._lines = DirectLines(self._judge, PostgresRowEncoder(1))
        for lesson in lessons:
            self.line(lesson)

    def line(self, record: RawRecord) -> bytes | None:
        """The line, which is what decoder and encoder make of the record."""
        run, wanted = a_run(self._lines, record), decoded(self._decoder, record)
        if run is None:
            decoded(self._judge, record)  # as the pipeline does: a schema is met by it
            return None
        (kind,), (position,) = run.kinds, run.positions
        assert isinstance(wanted, AuditRecord)
        assert run.rows == self._encoder.encode(wanted)
        assert (run.newest, position) == (wanted.change_timestamp, wanted.source_position)
        assert (kind.operation, kind.before_image) == (wanted.operation, wanted.before_image)
        return run.rows

    def takes(self, record: RawRecord) -> bool:
        """Whether a record becomes a line without a decoder; the line is the right one."""
        asked = self._judge.asked
        line = self.line(record)
        return line is not None and self._judge.asked == asked


class _Judge(DebeziumDecoder):
    """Counts how often it is asked."""

    asked = 0

    def ordinary_change(self, record: ConsumedRecord, stream_id: int) -> OrdinaryChange | None:
        self.asked += 1
        return super().ordinary_change(record, stream_id)


def lessons() -> tuple[RawRecord, ...]:
    """One ordinary change of each operation."""
    return tuple(a_plain_record(plain(op)) for op in ROWS)


def wrapped_lessons(schema: object) -> tuple[RawRecord, ...]:
    """The same behind a schema, after one that makes it known."""
    key = in_wrapper({"id": 1}, KEY_SCHEMA)
    lessons = [
        a_plain_record(in_wrapper({**ENVELOPE, "op": op, "after": AFTER, **rows}, schema), key)
        for op, rows in ROWS.items()
    ]
    return (lessons[0], *lessons)

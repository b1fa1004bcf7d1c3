"""
Lines of envelopes in JSON, made in one step where that module is compiled, else in two.

    records ──▶ EnvelopeLine ─────────────────────────────▶ lines
           └──▶ decoder ──▶ OrdinaryChange ──▶ encoder ──▶ line
                     └──▶ teaches EnvelopeLine ◀──┘

The compiled module knows two forms, Debezium's JSON and binary COPY, and no rule: what it may do
with a table it is taught from a change that decoder and encoder have made, and what it does not
know it leaves to them. So there is one place for every rule, and both ways give the same lines.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from adapters.direct.taught import Taught, taught_by
from application.ordinary_lines import LinesInSteps, lines_of
from application.ordinary_ports import (
    EncodesByKind,
    OrdinaryLine,
    OrdinaryLines,
    OrdinaryRun,
    ReadsPlainEnvelopes,
)
from application.ports import RecordDecoder, RowEncoder
from domain.consumed import ConsumedRecord

try:
    from adapters.direct.envelope_line import EnvelopeLine
except ImportError:  # it was installed where there is no C compiler
    EnvelopeLine = None  # type: ignore[assignment, misc]

IS_COMPILED = EnvelopeLine is not None
"""Whether lines can be made in one step here."""

_MOST_TAUGHT = 10_000

_encode = msgspec.json.Encoder().encode

Headers = Sequence[tuple[str, bytes | None]]


class DirectLines:
    """
    Makes lines in one step, where it was taught.

    Args:
        decoder: Judges what it was not taught.
        encoder: Makes the lines of that.

    Raises:
        ImportError: The compiled module is not there.
    """

    def __init__(self, decoder: ReadsPlainEnvelopes, encoder: EncodesByKind) -> None:
        if EnvelopeLine is None:
            raise ImportError("adapters.direct.envelope_line is not compiled here")
        self._decoder = decoder
        self._encoder = encoder
        self._steps = LinesInSteps(decoder, encoder)
        self._direct = EnvelopeLine(
            tuple(_encode(text) for text in decoder.stand_ins),
            tuple(text.encode() for text in decoder.markers),
            self._headers_of,
        )

    def __reduce__(self) -> tuple[Callable[..., OrdinaryLines], tuple[Any, ...]]:
        return best_lines, (self._decoder, self._encoder)  # it may be compiled here, and not there

    def take(
        self, records: Sequence[ConsumedRecord], start: int, stream_id: int, *, limit: int
    ) -> OrdinaryRun | None:
        if not self._decoder.reads_alone(()):
            return self._steps.take(records, start, stream_id, limit=limit)
        direct, end = self._direct, len(records)
        direct.begin()
        index = start
        while True:
            index = direct.take(records, index, stream_id, limit)
            if index == end:
                break
            line = self._line_in_steps(records[index], stream_id, limit)
            if line is None:
                break
            direct.add(index, line)
            index += 1
        return direct.run(index) if index > start else None

    def _line_in_steps(
        self, record: ConsumedRecord, stream_id: int, limit: int
    ) -> OrdinaryLine | None:
        line = self._steps.line(record, stream_id, limit=limit)
        if line is not None and self._direct.wants_teaching:
            self._teach(record, stream_id)
        return line

    def _headers_of(self, headers: Headers) -> str | Literal[False] | None:
        """What is stored of headers; False if they mean something."""
        return self._decoder.reads_alone(headers) and self._decoder.stored_headers(headers)

    def _teach(self, record: ConsumedRecord, stream_id: int) -> None:
        """Teach by an ordinary change; it is decoded once more, which is once for each table."""
        try:
            taught = self._taught_by(record, stream_id)
        except Exception:  # noqa: BLE001 - its line is made: nothing in a record may stop the others
            taught = None
        if taught is None:
            return
        if len(self._direct) >= _MOST_TAUGHT:
            self._direct.forget()
        self._direct.learn(record.topic, taught)

    def _taught_by(self, record: ConsumedRecord, stream_id: int) -> Taught | None:
        change = self._decoder.ordinary_change(record, stream_id)
        around = self._decoder.wrapping(record)
        if change is None or around is None:
            return None
        return taught_by(change, record.key, around, self._encoder, self._decoder.stand_ins)


def best_lines(decoder: RecordDecoder, encoder: RowEncoder) -> OrdinaryLines:
    """What makes lines fastest, of what is there."""
    if (
        IS_COMPILED
        and isinstance(decoder, ReadsPlainEnvelopes)
        and isinstance(encoder, EncodesByKind)
    ):
        return DirectLines(decoder, encoder)
    return lines_of(decoder, encoder)

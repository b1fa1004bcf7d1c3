"""
Lines of envelopes in JSON, made in one step where that module is compiled, else in two.

    record ──▶ EnvelopeLine ──▶ line
          └──▶ decoder ──▶ OrdinaryChange ──▶ encoder ──▶ line
                    └──▶ teaches EnvelopeLine ◀──┘

The compiled module knows two forms, Debezium's JSON and COPY's text, and no rule: what it may do
with a table it is taught from a change that decoder and encoder have made, and what it does not
know it leaves to them. So there is one place for every rule, and both ways give the same lines.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from adapters.direct.taught import taught_by
from application.ordinary_lines import LinesInSteps, lines_of
from application.ordinary_ports import (
    EncodesByKind,
    OrdinaryLine,
    OrdinaryLines,
    ReadsPlainEnvelopes,
)
from application.ports import RecordDecoder, RowEncoder
from domain.consumed import ConsumedRecord
from domain.ordinary_change import OrdinaryChange

try:
    from adapters.direct.envelope_line import EnvelopeLine
except ImportError:  # it was installed where there is no C compiler
    EnvelopeLine = None  # type: ignore[assignment, misc]

IS_COMPILED = EnvelopeLine is not None
"""Whether lines can be made in one step here."""

_MOST_TAUGHT = 10_000

_encode = msgspec.json.Encoder().encode


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
        )

    def __reduce__(self) -> tuple[Callable[..., OrdinaryLines], tuple[Any, ...]]:
        return best_lines, (self._decoder, self._encoder)  # it may be compiled here, and not there

    def line(self, record: ConsumedRecord, stream_id: int) -> OrdinaryLine | None:
        headers, decoder = record.headers, self._decoder
        if not decoder.reads_alone(headers):
            return self._steps.line(record, stream_id)
        stored = decoder.stored_headers(headers) if headers else None
        line = self._direct.line(record, stream_id, stored)
        if line is not None:
            return line
        if self._direct.wants_teaching:
            return self._taught_line(record, stream_id)
        return self._steps.line(record, stream_id)

    def _taught_line(self, record: ConsumedRecord, stream_id: int) -> OrdinaryLine | None:
        change = self._decoder.ordinary_change(record, stream_id)
        if change is None:
            return None
        self._teach(record, change)
        line = self._encoder.encode_ordinary(change)
        return line, change.kind, change.change_timestamp, change.source_position

    def _teach(self, record: ConsumedRecord, change: OrdinaryChange) -> None:
        around = self._decoder.wrapping(record)
        if around is None:
            return
        taught = taught_by(change, record.key, around, self._encoder)
        if taught is None:
            return
        if len(self._direct) >= _MOST_TAUGHT:
            self._direct.forget()
        self._direct.learn(record.topic, taught)


def best_lines(decoder: RecordDecoder, encoder: RowEncoder) -> OrdinaryLines:
    """What makes lines fastest, of what is there."""
    if (
        IS_COMPILED
        and isinstance(decoder, ReadsPlainEnvelopes)
        and isinstance(encoder, EncodesByKind)
    ):
        return DirectLines(decoder, encoder)
    return lines_of(decoder, encoder)

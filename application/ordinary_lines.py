"""
Lines of ordinary changes, made in two steps: any decoder and any encoder will do.

    record ──▶ decoder ──▶ OrdinaryChange ──▶ encoder ──▶ line ──▶ OrdinaryRun
"""

from collections.abc import Sequence

from application.ordinary_ports import (
    MICROSECONDS_PER_DAY,
    DecodesOrdinaryChanges,
    EncodesOrdinaryChanges,
    OrdinaryLine,
    OrdinaryLines,
    OrdinaryRun,
)
from application.ports import RecordDecoder, RowEncoder
from domain.consumed import ConsumedRecord, size_of
from domain.errors import SchemaRegistryUnavailableError
from domain.ordinary_change import ChangeKind


class LinesInSteps:
    """
    Decodes, then encodes.

    Args:
        decoder: Tells ordinary changes.
        encoder: Takes them.
    """

    def __init__(self, decoder: DecodesOrdinaryChanges, encoder: EncodesOrdinaryChanges) -> None:
        self._decode = decoder.ordinary_change
        self._encode = encoder.encode_ordinary

    def take(
        self, records: Sequence[ConsumedRecord], start: int, stream_id: int, *, limit: int
    ) -> OrdinaryRun | None:
        """Take one record after the other."""
        found: list[OrdinaryLine] = []
        for index in range(start, len(records)):
            line = self.line(records[index], stream_id, limit=limit)
            if line is None:
                break
            found.append(line)
        return run_of(found, start) if found else None

    def line(self, record: ConsumedRecord, stream_id: int, *, limit: int) -> OrdinaryLine | None:
        """The line of one record; None if it is no ordinary change, or too large. Raises so."""
        if size_of(record) > limit:
            return None
        try:
            change = self._decode(record, stream_id)
            if change is None:
                return None
            line = self._encode(change)
        except SchemaRegistryUnavailableError:
            raise
        except Exception:  # noqa: BLE001 - whoever looks closer meets it again, and judges
            return None
        return line, change.kind, change.change_timestamp, change.source_position


class NoLines:
    """Takes no record for an ordinary change."""

    def take(
        self, records: Sequence[ConsumedRecord], start: int, stream_id: int, *, limit: int
    ) -> None:
        """Take none."""
        del records, start, stream_id, limit


def run_of(lines: Sequence[OrdinaryLine], start: int) -> OrdinaryRun:
    """The run that these lines are, the first of them at the index `start`."""
    kinds: dict[ChangeKind, int] = {}
    firsts: dict[ChangeKind, int] = {}
    for index, (_, kind, _, _) in enumerate(lines, start):
        kinds[kind] = kinds.get(kind, 0) + 1
        firsts.setdefault(kind, index)
    stamps = [stamp for _, _, stamp, _ in lines]
    return OrdinaryRun(
        end=start + len(lines),
        rows=b"".join([row for row, _, _, _ in lines]),
        positions=[position for _, _, _, position in lines],
        kinds=kinds,
        firsts=firsts,
        newest=max(stamps),
        days={stamp // MICROSECONDS_PER_DAY for stamp in stamps},
    )


def lines_of(decoder: RecordDecoder, encoder: RowEncoder) -> OrdinaryLines:
    """What both can do: only a decoder and an encoder that both know them save anything."""
    if isinstance(decoder, DecodesOrdinaryChanges) and isinstance(encoder, EncodesOrdinaryChanges):
        return LinesInSteps(decoder, encoder)
    return NoLines()

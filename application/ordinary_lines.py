"""
Lines of ordinary changes, made in two steps: any decoder and any encoder will do.

    record ──▶ decoder ──▶ OrdinaryChange ──▶ encoder ──▶ line
"""

from application.ordinary_ports import (
    DecodesOrdinaryChanges,
    EncodesOrdinaryChanges,
    OrdinaryLine,
    OrdinaryLines,
)
from application.ports import RecordDecoder, RowEncoder
from domain.consumed import ConsumedRecord


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

    def line(self, record: ConsumedRecord, stream_id: int) -> OrdinaryLine | None:
        """Decode, and encode what there is."""
        change = self._decode(record, stream_id)
        if change is None:
            return None
        return self._encode(change), change.kind, change.change_timestamp, change.source_position


class NoLines:
    """Takes no record for an ordinary change."""

    def line(self, record: ConsumedRecord, stream_id: int) -> None:
        """Take none."""


def lines_of(decoder: RecordDecoder, encoder: RowEncoder) -> OrdinaryLines:
    """What both can do: only a decoder and an encoder that both know them save anything."""
    if isinstance(decoder, DecodesOrdinaryChanges) and isinstance(encoder, EncodesOrdinaryChanges):
        return LinesInSteps(decoder, encoder)
    return NoLines()

"""
What decoders and row encoders offer beyond their ports, for the records that most are.

A decoder that tells ordinary changes, and an encoder that takes them, save the audit record
between them. Whoever has only one of them loses nothing but time.
"""

from typing import Protocol, runtime_checkable

from domain.consumed import ConsumedRecord
from domain.ordinary_change import OrdinaryChange


@runtime_checkable
class DecodesOrdinaryChanges(Protocol):
    """A decoder that tells ordinary changes at first sight."""

    def ordinary_change(self, record: ConsumedRecord, stream_id: int) -> OrdinaryChange | None:
        """
        The ordinary change that `record` is; None if it is none, or needs a closer look.

        It stands for what `decode` gives for the same arguments.
        """
        ...


@runtime_checkable
class EncodesOrdinaryChanges(Protocol):
    """An encoder that takes ordinary changes as they are."""

    def encode_ordinary(self, change: OrdinaryChange) -> bytes:
        """Encode the row as `encode` does with the record that `change` stands for."""
        ...

"""
What decoders and row encoders offer beyond their ports, for the records that most are.

    records ──▶ OrdinaryLines ──▶ OrdinaryRun: lines, kinds, times, positions

A decoder that tells ordinary changes, and an encoder that takes them, save the audit record
between them; where both know more of each other's forms, the change between them is saved too.
Whoever offers none of this loses nothing but time.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol, runtime_checkable

import msgspec

from domain.consumed import ConsumedRecord
from domain.ordinary_change import ChangeKind, OrdinaryChange

OrdinaryLine = tuple[bytes, ChangeKind, int, str]
"""
The line of an ordinary change, its kind, its change timestamp (microseconds since 1970, UTC) and
its source position. No structure: one is made for each record.
"""

MICROSECONDS_PER_DAY = 86_400_000_000


class OrdinaryRun(msgspec.Struct):
    """
    Ordinary changes that follow each other.

    Attributes:
        end: The index behind the last of them.
        rows: Their lines.
        positions: The source position of each.
        kinds: How many there are of each kind.
        firsts: The index of the first of each kind.
        newest: The latest change timestamp; microseconds since 1970, UTC.
        days: The days of the changes, since 1970.
    """

    end: int
    rows: bytes
    positions: Sequence[str]
    kinds: Mapping[ChangeKind, int]
    firsts: Mapping[ChangeKind, int]
    newest: int
    days: Collection[int]


Canonical = Callable[[bytes], bytes | None]
"""Brings the JSON of a value into its canonical form; None if that needs a closer look."""


class Conversion(msgspec.Struct, frozen=True):
    """
    What a column needs whose values are on the wire in another form than in the trail.

    Attributes:
        canonical: Does it.
        semantic_type: The name of the type that says so, as ``io.debezium.time.Date``; None for
            none.
        scale: Digits behind the point, of a decimal.
    """

    canonical: Canonical
    semantic_type: str | None = None
    scale: int = 0


class Wrapping(msgspec.Struct, frozen=True):
    """
    What is around the plain JSON of a record, and what it says of that.

    Attributes:
        front: What is in front of the envelope, where its schema is: behind it there is one brace.
        key_front: The same of the key.
        conversions: Of the columns of rows that need one.
        with_default: The columns that have a default.
    """

    front: bytes | None = None
    key_front: bytes | None = None
    conversions: Mapping[str, Conversion] = {}
    with_default: Collection[str] = ()


class OrdinaryLines(Protocol):
    """Makes lines of ordinary changes. Picklable; for one caller at a time."""

    def take(
        self, records: Sequence[ConsumedRecord], start: int, stream_id: int, *, limit: int
    ) -> OrdinaryRun | None:
        """
        The lines of the ordinary changes from the index `start` on, up to the first other record.

        They are those that the encoder makes of what the decoder gives for the same arguments. A
        record of more than `limit` bytes, and one that cannot be decoded, is another record.

        Returns:
            None if there is none.

        Raises:
            SchemaRegistryUnavailableError: The schema registry is away.
        """
        ...


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
class ReadsPlainEnvelopes(DecodesOrdinaryChanges, Protocol):
    """A decoder that says by which rules it takes an envelope in JSON for an ordinary change."""

    @property
    def stand_ins(self) -> Collection[str]:
        """Texts that stand for a value that was not sent, where an update has them."""
        ...

    @property
    def markers(self) -> Collection[str]:
        """Texts that are nowhere in a row that can be stored as it is."""
        ...

    def reads_alone(self, headers: Sequence[tuple[str, bytes | None]]) -> bool:
        """Whether an envelope with such headers means what it says, and nothing else."""
        ...

    def wrapping(self, record: ConsumedRecord) -> Wrapping | None:
        """What is around a record that was an ordinary change; None if it could be anything."""
        ...

    def stored_headers(self, headers: Sequence[tuple[str, bytes | None]]) -> str | None:
        """What is stored of `headers`: JSON."""
        ...


@runtime_checkable
class EncodesOrdinaryChanges(Protocol):
    """An encoder that takes ordinary changes as they are."""

    def encode_ordinary(self, change: OrdinaryChange) -> bytes:
        """Encode the row as `encode` does with the record that `change` stands for."""
        ...


@runtime_checkable
class EncodesByKind(EncodesOrdinaryChanges, Protocol):
    """An encoder for COPY's binary format, of which what repeats from line to line can be had."""

    def kind_fields(self, kind: ChangeKind) -> tuple[bytes, bytes, bytes]:
        """The fields that a kind has: names and operation, judgements of values, and the end."""
        ...

    def column_element(self, column: str) -> bytes:
        """A column in the array of changed columns."""
        ...

"""
The pure loop over consumed records: the hot path, in-process and on Ray's workers alike.

    slices ──▶ decode ──▶ AuditRecord    ──▶ encode ──▶ rows, days, operations
                     ├──▶ ControlMessage ──▶ control (heartbeats and tombstones only counted)
                     ├──▶ SkippedRecord  ──▶ counted
                     └──▶ an error       ──▶ quarantined, with the raw bytes, protected

Every record gets exactly one disposition, and every offset of a slice is accounted for.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from application.ports import DropsColumns, RecordDecoder, RowEncoder
from application.quarantine_protection import QuarantineProtection
from domain.audit_record import AuditRecord
from domain.consumed import ConsumedRecord, PartitionSlice
from domain.control import COUNTED_ONLY, ControlMessage
from domain.disposition import Tally
from domain.errors import (
    RecordTooLargeError,
    SchemaRegistryUnavailableError,
    TransformationError,
)
from domain.gap import Gap, GapCause
from domain.operation import OperationTypeEnum, ValueNote
from domain.quarantine import QuarantinedRecord
from domain.source_table import SourceTable
from domain.transformed import Advance, TransformedBatch
from domain.unquoted import unquoted

_source_of = attrgetter(*SourceTable._fields)
_read_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode

_UNDECODED = f'"{ValueNote.UNDECODED}"'

MICROSECONDS_PER_DAY = 86_400_000_000
DEFAULT_MAX_RECORD_BYTES = 16 * 1024 * 1024


def transform_records(
    decoder: RecordDecoder,
    encoder: RowEncoder,
    slices: Sequence[PartitionSlice],
    *,
    max_record_bytes: int = DEFAULT_MAX_RECORD_BYTES,
    protection: QuarantineProtection | None = None,
) -> TransformedBatch:
    """
    Decode, classify and encode all records of `slices`. No record's content makes it raise.

    Args:
        decoder: Decodes one record, or raises `TransformationError`. Any other exception of it
            is taken for poison too, and named in the quarantine.
        encoder: Encodes rows in the store's form.
        slices: At most one for each stream partition.
        max_record_bytes: A record whose key and value are larger together is quarantined by
            reference: sizes and coordinates instead of bytes.
        protection: What protects the bytes of quarantined records; None keeps them as they are.

    Raises:
        SchemaRegistryUnavailableError: The schema registry is away. Nothing happened; try again.
    """
    collected = _Collected(decoder, encoder, max_record_bytes, protection)
    advances = [collected.take(part) for part in sorted(slices, key=lambda part: part.partition)]
    return collected.batch(advances)


class _Decoded:
    """What has been made of the records of one slice so far."""

    def __init__(self) -> None:
        self.stamps: list[int] = []
        self.operations: dict[OperationTypeEnum, int] = {}
        self.control: list[ControlMessage] = []
        self.skipped = 0
        self.quarantined = 0

    def tally(self, part: PartitionSlice) -> Tally:
        baseline = self.operations.get(OperationTypeEnum.SNAPSHOT, 0)
        return Tally(
            audited=len(self.stamps) - baseline,
            baseline=baseline,
            control=len(self.control),
            skipped=self.skipped,
            quarantined=self.quarantined,
            absent=part.next_offset - part.expected - len(part.records),
        )


class _Collected:
    """What has been made of the records so far."""

    def __init__(
        self,
        decoder: RecordDecoder,
        encoder: RowEncoder,
        max_record_bytes: int,
        protection: QuarantineProtection | None,
    ) -> None:
        self._decode = decoder.decode
        self._dropping = decoder if isinstance(decoder, DropsColumns) else None
        self._protection = protection
        self._encode = encoder.encode
        self._max_record_bytes = max_record_bytes
        self._rows: list[bytes] = []
        self._days: set[int] = set()
        self._newest: int | None = None
        self._sources: dict[tuple[Any, ...], frozenset[str]] = {}
        self._control: list[ControlMessage] = []
        self._quarantined: list[QuarantinedRecord] = []
        self._operations: Counter[tuple[str, str]] = Counter()
        self._control_kinds: Counter[tuple[str, str]] = Counter()
        self._has_undecoded = False

    def batch(self, advances: Sequence[Advance]) -> TransformedBatch:
        sources = {SourceTable(*source): names for source, names in self._sources.items()}
        if self._dropping is not None:
            sources = {
                s: names.union(self._dropping.dropped_columns(s)) for s, names in sources.items()
            }
        return TransformedBatch(
            rows=b"".join(self._rows),
            row_count=len(self._rows),
            days=frozenset(self._days),
            advances=advances,
            control=tuple(self._control),
            quarantined=tuple(self._quarantined),
            operations=dict(self._operations),
            control_kinds=dict(self._control_kinds),
            sources=sources,
            newest_change=self._newest,
            has_undecoded=self._has_undecoded,
        )

    def take(self, part: PartitionSlice) -> Advance:
        found = self._decoded(part)
        self._note_stamps(found.stamps)
        topic = part.partition.topic
        for operation, count in found.operations.items():
            self._operations[topic, operation.value] += count
        for message in found.control:
            self._control_kinds[topic, message.kind.value] += 1
            if message.kind not in COUNTED_ONLY:
                self._control.append(message)
        tally = found.tally(part)
        return Advance(
            partition=part.partition,
            expected=part.expected,
            next_offset=part.next_offset,
            tally=tally,
            gaps=_compacted(part) if part.compacted and tally.absent else (),
        )

    def _decoded(self, part: PartitionSlice) -> _Decoded:
        stream_id = part.partition.stream_id
        decode, encode, rows, sources = self._decode, self._encode, self._rows, self._sources
        limit = self._max_record_bytes
        found = _Decoded()
        stamps, operations = found.stamps, found.operations
        for record in part.records:
            try:
                _refuse_too_large(record, limit)
                result = decode(record, stream_id)
                if type(result) is AuditRecord:
                    row = encode(result)
                    source = _source_of(result)
                    if source not in sources:
                        sources[source] = _columns_of(result)
                    if result.value_notes is not None and _UNDECODED in result.value_notes:
                        self._has_undecoded = True
                    rows.append(row)
                    stamps.append(result.change_timestamp)
                    operations[result.operation] = operations.get(result.operation, 0) + 1
                elif type(result) is ControlMessage:
                    found.control.append(result)
                else:
                    found.skipped += 1
            except SchemaRegistryUnavailableError:
                raise  # trouble, not poison: no record is at fault
            except Exception as error:  # noqa: BLE001 - whatever a record's content does to us, it is poison and is kept
                self._quarantined.append(_quarantine(record, stream_id, error, self._protection))
                found.quarantined += 1
        return found

    def _note_stamps(self, stamps: Sequence[int]) -> None:
        if not stamps:
            return
        newest = max(stamps)
        self._newest = newest if self._newest is None else max(self._newest, newest)
        self._days.update({stamp // MICROSECONDS_PER_DAY for stamp in stamps})


def _columns_of(record: AuditRecord) -> frozenset[str]:
    """The columns of one of its images, and of its key."""
    names = {*_names_in(record.new_data or record.old_data), *_names_in(record.record_key)}
    return frozenset(name for name in names if name)


def _names_in(text: str | None) -> Iterable[str]:
    """The columns of an object; one that was escaped whole has none of a name."""
    try:
        return _read_object((text or "{}").encode())
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return ()


def _quarantine(
    record: ConsumedRecord,
    stream_id: int,
    error: Exception,
    protection: QuarantineProtection | None,
) -> QuarantinedRecord:
    too_large = isinstance(error, RecordTooLargeError)
    is_protected = protection is not None and protection.concerns(record.topic)
    if is_protected:
        message = unquoted(error)
    elif isinstance(error, TransformationError):
        message = str(error)
    else:
        message = (
            f"decoding failed unexpectedly ({type(error).__name__}: {error}). This is a defect of "
            f"cdc-audit: please report it with the record's bytes, which are kept here."
        )
    quarantined = QuarantinedRecord(
        stream_id=stream_id,
        topic=record.topic,
        kafka_partition=record.partition,
        kafka_offset=record.offset,
        kafka_timestamp=record.timestamp if record.timestamp >= 0 else None,
        key=None if too_large else record.key,
        value=None if too_large else record.value,
        headers=tuple((name, value) for name, value in record.headers),
        error_type=type(error).__name__,
        error_message=_storable(message),
        key_size=_size(record.key) if too_large else None,
        value_size=_size(record.value) if too_large else None,
    )
    if protection is not None and is_protected:
        return protection.protect(quarantined)
    return quarantined


def _size(data: bytes | None) -> int | None:
    return None if data is None else len(data)


def _refuse_too_large(record: ConsumedRecord, limit: int) -> None:
    key_size, value_size = len(record.key or b""), len(record.value or b"")
    if key_size + value_size > limit:
        raise RecordTooLargeError(
            f"{record.topic}, partition {record.partition}, offset {record.offset}",
            key_size=key_size,
            value_size=value_size,
            limit=limit,
        )


def _storable(message: str) -> str:
    """A message may quote the record: no store takes NUL or half a surrogate pair as text."""
    return message.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()


def _compacted(part: PartitionSlice) -> tuple[Gap, ...]:
    gaps: list[Gap] = []
    following = part.expected
    for offset in [*(record.offset for record in part.records), part.next_offset]:
        if offset > following:
            gaps.append(
                Gap(
                    stream_id=part.partition.stream_id,
                    partition=part.partition.partition,
                    first_offset=following,
                    next_offset=offset,
                    cause=GapCause.COMPACTED,
                    evidence=(
                        f"topic {part.partition.topic} has cleanup.policy compact, and carries "
                        f"no records at the offsets {following} to {offset - 1}"
                    ),
                )
            )
        following = offset + 1
    return tuple(gaps)

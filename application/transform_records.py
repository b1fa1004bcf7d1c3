"""
The pure loop over consumed records: the hot path, in-process and on Ray's workers alike.

    slices ──▶ runs of ordinary changes, as lines ─▶ rows, days, operations
          └──▶ decode ──▶ AuditRecord ──▶ encode ──┘
                     ├──▶ ControlMessage ──▶ control (heartbeats and tombstones only counted)
                     ├──▶ SkippedRecord  ──▶ counted
                     └──▶ an error       ──▶ quarantined, with the raw bytes, protected

Every record gets exactly one disposition, and every offset of a slice is accounted for.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from application.connector_runs import runs_of
from application.ordinary_lines import lines_of
from application.ordinary_ports import MICROSECONDS_PER_DAY, OrdinaryLines, OrdinaryRun
from application.poison import quarantined, too_large
from application.ports import DropsColumns, RecordDecoder, RowEncoder
from application.quarantine_protection import QuarantineProtection
from domain.audit_record import AuditRecord
from domain.consumed import ConsumedRecord, PartitionSlice, size_of
from domain.control import COUNTED_ONLY, ControlMessage
from domain.disposition import Tally
from domain.errors import SchemaRegistryUnavailableError
from domain.gap import Gap, GapCause
from domain.operation import OperationTypeEnum, ValueNote
from domain.ordinary_change import ChangeKind
from domain.quarantine import QuarantinedRecord
from domain.source_table import SourceTable
from domain.transformed import Advance, TransformedBatch

_source_of = attrgetter(*SourceTable._fields)
_read_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode

_UNDECODED = f'"{ValueNote.UNDECODED}"'

DEFAULT_MAX_RECORD_BYTES = 16 * 1024 * 1024


def transform_records(  # noqa: PLR0913 - two of them have defaults for whoever has no use for them
    decoder: RecordDecoder,
    encoder: RowEncoder,
    slices: Sequence[PartitionSlice],
    *,
    max_record_bytes: int = DEFAULT_MAX_RECORD_BYTES,
    protection: QuarantineProtection | None = None,
    lines: OrdinaryLines | None = None,
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
        lines: Makes the lines of ordinary changes; None leaves that to both.

    Raises:
        SchemaRegistryUnavailableError: The schema registry is away. Nothing happened; try again.
    """
    if lines is None:
        lines = lines_of(decoder, encoder)
    collected = _Collected((decoder, encoder, lines), max_record_bytes, protection)
    advances = [collected.take(part) for part in sorted(slices, key=lambda part: part.partition)]
    return collected.batch(advances)


class _Decoded:
    """What has been made of the records of one slice so far."""

    def __init__(self) -> None:
        self.changes: list[ConsumedRecord] = []
        self.positions: list[str | None] = []
        self.kinds: set[ChangeKind] = set()
        self.operations: Counter[OperationTypeEnum] = Counter()
        self.control: list[ControlMessage] = []
        self.skipped = 0
        self.quarantined = 0

    def tally(self, part: PartitionSlice) -> Tally:
        baseline = self.operations[OperationTypeEnum.SNAPSHOT]
        return Tally(
            audited=len(self.changes) - baseline,
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
        stages: tuple[RecordDecoder, RowEncoder, OrdinaryLines],
        max_record_bytes: int,
        protection: QuarantineProtection | None,
    ) -> None:
        decoder, encoder, lines = stages
        self._decode = decoder.decode
        self._dropping = decoder if isinstance(decoder, DropsColumns) else None
        self._protection = protection
        self._encode = encoder.encode
        self._take_ordinary = lines.take
        self._max_record_bytes = max_record_bytes
        self._rows: list[bytes] = []
        self._row_count = 0
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
            row_count=self._row_count,
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
            runs=runs_of(found.changes, found.positions),
        )

    def _decoded(self, part: PartitionSlice) -> _Decoded:
        stream_id, limit = part.partition.stream_id, self._max_record_bytes
        records, take = part.records, self._take_ordinary
        found = _Decoded()
        start, end = 0, len(records)
        try:
            while start < end:
                run = take(records, start, stream_id, limit=limit)
                if run is not None:
                    self._add(run, records[start : run.end], stream_id, found)
                    start = run.end
                if start < end:
                    self._judge(records[start], stream_id, found)
                    start += 1
        except SchemaRegistryUnavailableError as error:
            error.topic = part.partition.topic
            raise  # trouble, not poison: no record is at fault
        return found

    def _add(
        self,
        run: OrdinaryRun,
        records: Sequence[ConsumedRecord],
        stream_id: int,
        found: _Decoded,
    ) -> None:
        """Add the `records` that a run is of."""
        start = run.end - len(records)
        for kind, count in run.kinds.items():
            if kind not in found.kinds:
                found.kinds.add(kind)
                self._meet_kind_of(records[run.firsts[kind] - start], stream_id)
            found.operations[kind.operation] += count
        self._rows.append(run.rows)
        self._row_count += len(records)
        found.changes += records
        found.positions += run.positions
        self._note_times(run.newest, run.days)

    def _judge(self, record: ConsumedRecord, stream_id: int, found: _Decoded) -> None:
        """Take a record that is no ordinary change, or not known to be one."""
        try:
            if size_of(record) > self._max_record_bytes:
                raise too_large(record, self._max_record_bytes)  # noqa: TRY301 - it is poison like the others
            self._look_closer(record, stream_id, found)
        except SchemaRegistryUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a record's content does to us, it is poison and is kept
            self._quarantined.append(quarantined(record, stream_id, error, self._protection))
            found.quarantined += 1

    def _look_closer(self, record: ConsumedRecord, stream_id: int, found: _Decoded) -> None:
        result = self._decode(record, stream_id)
        if type(result) is AuditRecord:
            row = self._encode(result)
            self._meet(result)
            self._rows.append(row)
            self._row_count += 1
            self._note_times(
                result.change_timestamp, {result.change_timestamp // MICROSECONDS_PER_DAY}
            )
            found.changes.append(record)
            found.positions.append(result.source_position)
            found.operations[result.operation] += 1
        elif type(result) is ControlMessage:
            found.control.append(result)
        else:
            found.skipped += 1

    def _meet_kind_of(self, record: ConsumedRecord, stream_id: int) -> None:
        """Note what the first ordinary change of a kind says of its table."""
        change = self._decode(record, stream_id)
        if type(change) is AuditRecord:
            self._meet(change)

    def _meet(self, record: AuditRecord) -> None:
        """Note the table of a record that is stored, and whether its types are known."""
        source = _source_of(record)
        if source not in self._sources:
            self._sources[source] = _columns_of(record)
        if record.value_notes is not None and _UNDECODED in record.value_notes:
            self._has_undecoded = True

    def _note_times(self, newest: int, days: Collection[int]) -> None:
        self._newest = newest if self._newest is None else max(self._newest, newest)
        self._days.update(days)


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

"""A decoder whose records say what becomes of them, for tests of the loop over records."""

from collections.abc import Mapping, Sequence

from adapters.memory.row_encoder import MemoryRowEncoder
from application.transform_records import transform_records
from domain.audit_record import AuditRecord
from domain.consumed import ConsumedRecord, PartitionSlice, RawRecord
from domain.control import ControlKind, ControlMessage, SkippedRecord
from domain.errors import ValidationError
from domain.operation import OperationTypeEnum
from domain.stream import StreamPartition
from domain.transformed import TransformedBatch
from tests.builders import a_control_message, a_raw_record, a_record

ORDERS = StreamPartition(1, 0, "shop.public.orders")
CUSTOMERS = StreamPartition(2, 0, "shop.public.customers")
KINDS = frozenset(kind.value for kind in ControlKind)
ERRORS: Mapping[str, Exception] = {
    "bad": ValidationError("the value says bad"),
    "defect": RecursionError("too deep"),
    "unspeakable": ValidationError("NUL \0 and half a pair \ud800"),
}


class WordDecoder:
    """The value says what becomes of the record."""

    def decode(
        self, record: ConsumedRecord, stream_id: int
    ) -> AuditRecord | ControlMessage | SkippedRecord:
        """Decode, as the port has it."""
        word = (record.value or b"tombstone").decode()
        if word in KINDS:
            return a_control_message(
                record.offset,
                stream_id=stream_id,
                kafka_partition=record.partition,
                kind=ControlKind(word),
            )
        if word == "skip":
            return SkippedRecord("rule")
        if word in ERRORS:
            raise ERRORS[word]
        operation = OperationTypeEnum.SNAPSHOT if word == "snapshot" else OperationTypeEnum.UPDATE
        return a_record(
            record.offset,
            stream_id=stream_id,
            kafka_partition=record.partition,
            operation=operation,
        )


class RefusingEncoder(MemoryRowEncoder):
    """Encodes no row at an odd offset."""

    def encode(self, record: AuditRecord) -> bytes:
        """Encode, as the port has it."""
        if record.kafka_offset % 2:
            raise ValidationError("odd")
        return super().encode(record)


def a_slice(
    *words: bytes | None,
    partition: StreamPartition = ORDERS,
    expected: int = 0,
    compacted: bool = False,
) -> PartitionSlice:
    """A slice with a record for each word."""
    records = [
        a_raw_record(offset, topic=partition.topic, partition=partition.partition, value=word)
        for offset, word in enumerate(words, start=expected)
    ]
    return PartitionSlice(partition, expected, expected + len(words), records, compacted)


def a_slice_of(
    records: Sequence[RawRecord], *, expected: int, next_offset: int, compacted: bool = False
) -> PartitionSlice:
    """A slice with these records."""
    return PartitionSlice(ORDERS, expected, next_offset, records, compacted)


def transformed(*slices: PartitionSlice, max_record_bytes: int = 1_000_000) -> TransformedBatch:
    """What becomes of these slices."""
    return transform_records(
        WordDecoder(), MemoryRowEncoder(), slices, max_record_bytes=max_record_bytes
    )

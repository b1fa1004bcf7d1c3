"""
A quarantined record as it was consumed: bytes from the quarantine, or read again from its source.

    QuarantinedRecord ──▶ reveal ──▶ bytes kept     ──▶ RawRecord
                                └──▶ bytes not kept ──▶ RecordFinder ──▶ the same record? ──▶ it
"""

from application.quarantine_ledger import RecordFinder
from application.quarantine_protection import QuarantineProtection
from domain.consumed import ConsumedRecord, RawRecord
from domain.errors import CdcAuditError, DecryptionError, RecordTooLargeError
from domain.quarantine import QuarantinedRecord
from domain.quarantine_entry import QuarantineEntry


class RecordGoneError(CdcAuditError):
    """The bytes of a record were not kept, and its source does not have it any more."""

    def __init__(self, bad: QuarantinedRecord, problem: str) -> None:
        super().__init__(
            f"the bytes of the record were not kept here, and {problem}: topic {bad.topic}, "
            f"partition {bad.kafka_partition}, offset {bad.kafka_offset}. Resolve it with a "
            f"reason."
        )


class RebuildRecord:
    """
    Gives quarantined records back as they were consumed.

    Args:
        finder: Reads a record again whose bytes were not kept.
        protection: Opens what is encrypted; None where nothing is.
        max_record_bytes: A larger record is not read again.
    """

    def __init__(
        self,
        finder: RecordFinder,
        protection: QuarantineProtection | None,
        *,
        max_record_bytes: int,
    ) -> None:
        self._finder = finder
        self._protection = protection
        self._max_record_bytes = max_record_bytes

    def revealed(self, bad: QuarantinedRecord) -> QuarantinedRecord:
        """
        Open what is kept of it.

        Raises:
            DecryptionError: Its key is not given, or does not open it.
        """
        opened = bad if self._protection is None else self._protection.reveal(bad)
        if opened.encryption_key_id is not None:
            raise DecryptionError(
                bad.coordinates,
                key_id=opened.encryption_key_id,
                problem="no keys are given. Add it to quarantine.encryption_keys.",
            )
        return opened

    async def rebuild(self, entry: QuarantineEntry) -> ConsumedRecord:
        """
        Give the record of `entry`.

        Raises:
            DecryptionError: Its key is not given, or does not open it.
            RecordTooLargeError: It is still larger than the limit.
            RecordGoneError: Its bytes were not kept, and it cannot be read again.
            SourceUnavailableError: It cannot be read again now.
        """
        bad = self.revealed(entry.record)
        if has_its_bytes(bad):
            return RawRecord(
                topic=bad.topic,
                partition=bad.kafka_partition,
                offset=bad.kafka_offset,
                timestamp=-1 if bad.kafka_timestamp is None else bad.kafka_timestamp,
                key=bad.key,
                value=bad.value,
                headers=bad.headers,
            )
        self._refuse_too_large(bad)
        found = await self._finder.find(entry)
        if found is None:
            raise RecordGoneError(bad, "Kafka does not have it any more")
        if not _is_the_same(found, bad):
            raise RecordGoneError(bad, "Kafka has another record at its place now")
        return found

    def _refuse_too_large(self, bad: QuarantinedRecord) -> None:
        key_size, value_size = (size or 0 for size in bad.sizes)
        if key_size + value_size > self._max_record_bytes:
            raise RecordTooLargeError(
                f"{bad.topic}, partition {bad.kafka_partition}, offset {bad.kafka_offset}",
                key_size=key_size,
                value_size=value_size,
                limit=self._max_record_bytes,
            )


def has_its_bytes(bad: QuarantinedRecord) -> bool:
    """Whether an opened record has its key and value; sizes stand for what was not kept."""
    return bad.key_size is None and bad.value_size is None


def _is_the_same(found: ConsumedRecord, bad: QuarantinedRecord) -> bool:
    """Whether `found` may be the record: a topic without an id may have been made again."""
    sizes = (
        None if found.key is None else len(found.key),
        None if found.value is None else len(found.value),
    )
    is_its_time = bad.kafka_timestamp is None or found.timestamp == bad.kafka_timestamp
    return found.offset == bad.kafka_offset and sizes == bad.sizes and is_its_time

"""The readers of rows, redeliveries and transactions in memory."""

from collections.abc import Collection, Sequence

from adapters.memory.trail import MemoryTrail
from application.trail_query import Place, StoredControl, StoredRecord
from domain.control import ControlKind
from domain.operation import OperationTypeEnum
from domain.redelivery import Certainty
from domain.row_identity import KeyMove, RowIdentity, key_move, row_of
from domain.source_table import SourceTable
from domain.transaction_identity import TransactionIdentity, same_transaction

TURNS_LIMIT = 100

_BOUNDARIES = (ControlKind.TRANSACTION_BEGIN, ControlKind.TRANSACTION_END)


class MemoryRowReader:
    """Reads rows of a `MemoryTrail`."""

    def __init__(self, trail: MemoryTrail) -> None:
        self._trail = trail

    async def changes_of(
        self,
        row: RowIdentity,
        *,
        before: Place | None = None,
        after: Place | None = None,
        oldest_first: bool = False,
        limit: int,
    ) -> Sequence[StoredRecord]:
        found = [
            s
            for s in shown(self._trail)
            if row_of(s.record) == row
            and (before is None or s.place < before)
            and (after is None or s.place > after)
        ]
        return (found if oldest_first else found[::-1])[:limit]

    async def turns_of(self, row: RowIdentity) -> Sequence[StoredRecord]:
        found = [
            s
            for s in shown(self._trail)
            if row_of(s.record) == row
            and (s.record.operation is OperationTypeEnum.DELETE or key_move(s.record) != KeyMove())
        ]
        return found[::-1][:TURNS_LIMIT]

    async def truncates_of(
        self, source: SourceTable, *, since: int, until: int | None, limit: int
    ) -> Sequence[StoredRecord]:
        found = [
            s
            for s in shown(self._trail)
            if s.record.operation is OperationTypeEnum.TRUNCATE
            and s.source == source
            and s.record.change_timestamp >= since
            and (until is None or s.record.change_timestamp < until)
        ]
        return found[::-1][:limit]

    async def rows_changed(
        self, source: SourceTable, *, since: int, until: int, limit: int
    ) -> Sequence[RowIdentity]:
        rows = {
            row
            for s in shown(self._trail)
            if s.source == source
            and since <= s.record.change_timestamp < until
            and (row := row_of(s.record)) is not None
        }
        return sorted(rows, key=lambda row: row.record_key.encode("utf-8", "surrogatepass"))[:limit]

    async def repeats_of(self, ids: Collection[str]) -> Sequence[tuple[str, str, bool]]:
        found = [
            (_id(r.first), _id(r.later), r.certainty is Certainty.CERTAIN)
            for r in self._trail.redeliveries.values()
        ]
        return sorted(row for row in found if row[0] in ids or row[1] in ids)


class MemoryTransactionReader:
    """Reads transactions of a `MemoryTrail`."""

    def __init__(self, trail: MemoryTrail) -> None:
        self._trail = trail

    async def transactions(
        self, transaction_id: str, *, source_name: str | None, limit: int
    ) -> Sequence[tuple[TransactionIdentity, int]]:
        found: list[tuple[TransactionIdentity, int]] = []
        for stored in reversed(shown(self._trail)):
            record, identity = stored.record, self._identity(stored)
            if identity is None or identity.transaction_id != transaction_id:
                continue
            if source_name not in (None, record.source_name):
                continue
            at = record.change_timestamp
            if not any(
                same_transaction(identity, known, one_at=at, other_at=known_at)
                for known, known_at in found
            ):
                found.append((identity, at))
        return found[:limit]

    async def changes_in(
        self, transaction: TransactionIdentity, *, at: int, limit: int
    ) -> Sequence[StoredRecord]:
        found = [
            s
            for s in shown(self._trail)
            if (identity := self._identity(s)) is not None
            and same_transaction(
                identity, transaction, one_at=s.record.change_timestamp, other_at=at
            )
        ]
        return sorted(found, key=_in_transaction)[:limit]

    async def boundaries_of(
        self, transaction: TransactionIdentity, *, at: int
    ) -> Sequence[StoredControl]:
        found = [
            StoredControl(m, self._trail.topic_of(m.stream_id), 0)
            for m in self._trail.control
            if m.kind in _BOUNDARIES
            and m.transaction_id == transaction.transaction_id
            and m.source_name in (None, transaction.source_name)
            and self._cluster(m.stream_id) == transaction.cluster_id
            and (m.kafka_timestamp is None or _is_near(m.kafka_timestamp, at))
        ]
        return sorted(
            found,
            key=lambda s: (s.message.stream_id, s.message.kafka_partition, s.message.kafka_offset),
        )

    def _identity(self, stored: StoredRecord) -> TransactionIdentity | None:
        r = stored.record
        if r.transaction_id is None:
            return None
        cluster = self._cluster(r.stream_id)
        return TransactionIdentity(cluster, r.source_name, r.source_database, r.transaction_id)

    def _cluster(self, stream_id: int) -> str:
        return self._trail.streams[stream_id - 1].cluster_id


def shown(trail: MemoryTrail) -> Sequence[StoredRecord]:
    """Every record but certain redeliveries, in the order of the trail."""
    certain = {place for place, r in trail.redeliveries.items() if r.certainty is Certainty.CERTAIN}
    kept = [stored for place, stored in trail.records.items() if place not in certain]
    return sorted(kept, key=lambda s: s.place)


def _in_transaction(stored: StoredRecord) -> tuple[bool, int, Place]:
    order = stored.record.transaction_order
    return order is None, order or 0, stored.place


def _is_near(kafka_timestamp: int, at: int) -> bool:
    here = TransactionIdentity("", None, None, "")
    return same_transaction(here, here, one_at=kafka_timestamp, other_at=at)


def _id(place: tuple[int, int, int]) -> str:
    return "-".join(map(str, place))

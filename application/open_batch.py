"""
What was polled and not yet taken: it grows while the stages before it are busy.

    poll ──▶ add ──▶ │ piece │ piece │ piece │ ──▶ take (up to the caps, merged by partition)

A piece is what one poll gave; a piece beyond the caps is cut when it is added.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from domain.consumed import ConsumedBatch, ConsumedRecord, PartitionSlice
from domain.stream import StreamPartition


class OpenBatch:
    """
    Pieces in the order in which they were polled.

    Args:
        max_records: Most records that `take` gives.
        max_bytes: Most bytes of keys and values that `take` gives; a single record may be larger.

    Attributes:
        record_count: Records in it.
        size: Bytes of keys and values in it.
    """

    def __init__(self, *, max_records: int, max_bytes: int) -> None:
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._pieces: deque[tuple[ConsumedBatch, int]] = deque()
        self.record_count = 0
        self.size = 0

    def __bool__(self) -> bool:
        return bool(self._pieces)

    @property
    def is_full(self) -> bool:
        """Whether `take` would give as much as it may."""
        return self.record_count >= self._max_records or self.size >= self._max_bytes

    @property
    def since(self) -> float | None:
        """When the first of the records was polled; seconds of a monotonic clock."""
        return self._pieces[0][0].polled_at if self._pieces else None

    def add(self, batch: ConsumedBatch) -> None:
        """Add what one poll gave."""
        for piece in split(batch, max_records=self._max_records, max_bytes=self._max_bytes):
            count = piece.record_count
            self._pieces.append((piece, count))
            self.record_count += count
            self.size += piece.size

    def take(self) -> ConsumedBatch:
        """
        Take the oldest pieces, as many as the caps allow, and at least one, as one batch.

        Raises:
            IndexError: There is none.
        """
        taken = [self._pop()]
        records, size = taken[0].record_count, taken[0].size
        while self._pieces:
            piece, count = self._pieces[0]
            records, size = records + count, size + piece.size
            if records > self._max_records or size > self._max_bytes:
                break
            taken.append(self._pop())
        return merge(taken)

    def remove(
        self, unwanted: Callable[[StreamPartition], bool]
    ) -> tuple[Sequence[PartitionSlice], int]:
        """
        Throw away what belongs to unwanted partitions.

        Returns:
            The slices thrown away, oldest first, and the bytes of keys and values in them.
        """
        thrown: list[PartitionSlice] = []
        before = self.size
        pieces = [piece for piece, _ in self._pieces]
        self._pieces.clear()
        self.record_count = self.size = 0
        for piece in pieces:
            kept = [s for s in piece.slices if not unwanted(s.partition)]
            thrown += [s for s in piece.slices if unwanted(s.partition)]
            if kept:
                self.add(batch_of(kept, polled_at=piece.polled_at))
        return thrown, before - self.size

    def _pop(self) -> ConsumedBatch:
        piece, count = self._pieces.popleft()
        self.record_count -= count
        self.size -= piece.size
        return piece


def merge(batches: Sequence[ConsumedBatch]) -> ConsumedBatch:
    """Join batches of consecutive polls: one slice for each partition, in offset order."""
    if len(batches) == 1:
        return batches[0]
    parts: dict[StreamPartition, list[PartitionSlice]] = {}
    for batch in batches:
        for part in batch.slices:
            parts.setdefault(part.partition, []).append(part)
    return ConsumedBatch(
        [_joined(p) for p in parts.values()],
        sum(batch.size for batch in batches),
        batches[0].polled_at,
    )


def batch_of(slices: Sequence[PartitionSlice], *, polled_at: float) -> ConsumedBatch:
    """Make a batch of `slices`, with its size counted."""
    size = sum(size_of(record) for part in slices for record in part.records)
    return ConsumedBatch(slices, size, polled_at)


def size_of(record: ConsumedRecord) -> int:
    """Bytes of key and value."""
    key, value = record.key, record.value
    return (len(key) if key else 0) + (len(value) if value else 0)


def by_lane(batch: ConsumedBatch, lanes: int) -> Iterator[tuple[int, ConsumedBatch]]:
    """Part `batch` among `lanes` by partition: one partition always has the same lane."""
    if lanes == 1:
        yield 0, batch
        return
    parts: dict[int, list[PartitionSlice]] = {}
    for part in batch.slices:
        key = part.partition
        parts.setdefault((key.stream_id * 31 + key.partition) % lanes, []).append(part)
    for lane, slices in parts.items():
        yield lane, batch_of(slices, polled_at=batch.polled_at)


def split(batch: ConsumedBatch, *, max_records: int, max_bytes: int) -> Iterable[ConsumedBatch]:
    """Cut `batch` into batches within the caps; a record larger than a cap stands alone."""
    if batch.size <= max_bytes and batch.record_count <= max_records:
        return (batch,)
    return [
        batch_of([cut], polled_at=batch.polled_at)
        for part in batch.slices
        for cut in _cuts(part, max_records=max_records, max_bytes=max_bytes)
    ]


def _cuts(part: PartitionSlice, *, max_records: int, max_bytes: int) -> Iterator[PartitionSlice]:
    expected, records, size = part.expected, list[ConsumedRecord](), 0
    for record in part.records:
        added = size_of(record)
        if records and (len(records) >= max_records or size + added > max_bytes):
            end = records[-1].offset + 1
            yield PartitionSlice(part.partition, expected, end, records, part.compacted)
            expected, records, size = end, [], 0
        records.append(record)
        size += added
    yield PartitionSlice(part.partition, expected, part.next_offset, records, part.compacted)


def _joined(parts: Sequence[PartitionSlice]) -> PartitionSlice:
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    return PartitionSlice(
        first.partition,
        first.expected,
        parts[-1].next_offset,
        [record for part in parts for record in part.records],
        first.compacted,
    )

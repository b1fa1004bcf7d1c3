"""
Transforming in this process.

Decoding holds the interpreter's lock, so a thread makes nothing faster; it keeps the event loop
turning, whose heartbeats and fetches must not wait for a large batch. A small batch is done at
once: the way to the thread and back takes longer than the batch.
"""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from application.ordinary_ports import OrdinaryLines
from application.ports import RecordDecoder, RowEncoder
from application.quarantine_protection import QuarantineProtection
from application.source_types import learn
from application.transform_records import DEFAULT_MAX_RECORD_BYTES, transform_records
from domain.consumed import ConsumedBatch
from domain.transformed import TransformedBatch

SMALL = 200
"""Records of a batch that is done at once: about 2 ms of the event loop's time."""

SMALL_BYTES = 256 * 1024


class InProcessTransformer:
    """
    Transforms in the event loop's thread, or in one other.

    Args:
        decoder: Decodes one record.
        encoder: Encodes rows in the store's form.
        max_record_bytes: A larger record is quarantined by reference.
        protection: What protects the bytes of quarantined records; None keeps them.
        may_block: Whether decoding may wait for others, as for a schema registry: then it never
            runs in the event loop's thread.
        lines: Makes the lines of ordinary changes; None leaves that to decoder and encoder.
    """

    def __init__(  # noqa: PLR0913 - what the container composes
        self,
        decoder: RecordDecoder,
        encoder: RowEncoder,
        *,
        max_record_bytes: int = DEFAULT_MAX_RECORD_BYTES,
        protection: QuarantineProtection | None = None,
        may_block: bool = False,
        lines: OrdinaryLines | None = None,
    ) -> None:
        self._decoder = decoder
        self._encoder = encoder
        self._max_record_bytes = max_record_bytes
        self._protection = protection
        self._may_block = may_block
        self._lines = lines
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="transform")
        # The decoder caches plans, and is made for one caller at a time.
        self._at_work = threading.Lock()

    @property
    def engine(self) -> str:
        return "inprocess"

    async def transform(self, batch: ConsumedBatch) -> TransformedBatch:
        at_once = not self._may_block and _is_small(batch)
        if at_once and self._at_work.acquire(blocking=False):
            try:
                return self._transform(batch)
            finally:
                self._at_work.release()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._transform_in_turn, batch)

    def close(self) -> None:
        """Let the thread go. What it is doing is finished, and given to nobody."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _transform_in_turn(self, batch: ConsumedBatch) -> TransformedBatch:
        with self._at_work:
            return self._transform(batch)

    def _transform(self, batch: ConsumedBatch) -> TransformedBatch:
        learn(self._decoder, batch.types)
        return transform_records(
            self._decoder,
            self._encoder,
            batch.slices,
            max_record_bytes=self._max_record_bytes,
            protection=self._protection,
            lines=self._lines,
        )


def _is_small(batch: ConsumedBatch) -> bool:
    return batch.size <= SMALL_BYTES and batch.record_count <= SMALL

"""A transformer in memory: at work, or away."""

import asyncio

from application.ports import RecordDecoder, RowEncoder
from application.quarantine_protection import QuarantineProtection
from application.source_types import learn
from application.transform_records import transform_records
from domain.consumed import ConsumedBatch
from domain.errors import TransformerUnavailableError
from domain.transformed import TransformedBatch


class MemoryBatchTransformer:
    """
    Transforms at once, in the event loop.

    Args:
        decoder: Decodes one record.
        encoder: Encodes rows in the store's form.

        protection: What protects the bytes of quarantined records; None keeps them.

    Attributes:
        available: Set it to False, and `transform` raises `TransformerUnavailableError`.
        batches: What was transformed, in order.
    """

    def __init__(
        self,
        decoder: RecordDecoder,
        encoder: RowEncoder,
        *,
        protection: QuarantineProtection | None = None,
    ) -> None:
        self._protection = protection
        self._decoder = decoder
        self._encoder = encoder
        self.available = True
        self.batches: list[ConsumedBatch] = []

    @property
    def engine(self) -> str:
        return "inprocess"

    async def transform(self, batch: ConsumedBatch) -> TransformedBatch:
        await asyncio.sleep(0)
        if not self.available:
            raise TransformerUnavailableError("the in-memory workers are away. Set `available`.")
        self.batches.append(batch)
        learn(self._decoder, batch.types)
        return transform_records(
            self._decoder, self._encoder, batch.slices, protection=self._protection
        )

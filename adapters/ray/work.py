"""What a worker does with a batch: bytes in, bytes out."""

import pickle

from adapters.ray.shipped_slices import unpack_slices
from application.ports import RecordDecoder, RowEncoder
from application.transform_records import transform_records
from domain.transformed import TransformedBatch


class TransformWork:
    """
    Transforms a packed batch. It is pickled once, for all workers.

    Args:
        decoder: Decodes one record.
        encoder: Encodes rows in the store's form.
        max_record_bytes: A larger record is quarantined by reference.
    """

    def __init__(
        self, decoder: RecordDecoder, encoder: RowEncoder, *, max_record_bytes: int
    ) -> None:
        self.decoder = decoder
        self.encoder = encoder
        self.max_record_bytes = max_record_bytes

    def __call__(self, packed: bytes) -> bytes:
        """Transform what `pack_slices` packed."""
        batch = transform_records(
            self.decoder,
            self.encoder,
            unpack_slices(packed),
            max_record_bytes=self.max_record_bytes,
        )
        return pickle.dumps(batch, protocol=pickle.HIGHEST_PROTOCOL)


def unpack_batch(answer: bytes) -> TransformedBatch:
    """Decode what a worker answered."""
    batch: TransformedBatch = pickle.loads(answer)  # noqa: S301 - from our own worker
    return batch

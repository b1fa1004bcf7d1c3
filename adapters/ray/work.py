"""What a worker does with a batch: bytes in, bytes out."""

import pickle

from adapters.ray.shipped_slices import unpack_slices
from adapters.ray.shipped_types import split_types
from application.ordinary_ports import OrdinaryLines
from application.ports import RecordDecoder, RowEncoder
from application.quarantine_protection import QuarantineProtection
from application.source_types import learn
from application.transform_records import transform_records
from domain.errors import SchemaRegistryUnavailableError
from domain.transformed import TransformedBatch


class TransformWork:
    """
    Transforms a packed batch. It is pickled once, for all workers.

    Args:
        decoder: Decodes one record.
        encoder: Encodes rows in the store's form.
        max_record_bytes: A larger record is quarantined by reference.
        protection: What protects the bytes of quarantined records; None keeps them.
        lines: Makes the lines of ordinary changes; None leaves that to decoder and encoder.
    """

    def __init__(
        self,
        decoder: RecordDecoder,
        encoder: RowEncoder,
        *,
        max_record_bytes: int,
        protection: QuarantineProtection | None = None,
        lines: OrdinaryLines | None = None,
    ) -> None:
        self.decoder = decoder
        self.encoder = encoder
        self.max_record_bytes = max_record_bytes
        self.protection = protection
        self.lines = lines

    def __call__(self, packed: bytes) -> bytes:
        """Transform what `pack_slices` packed, with the types that `with_types` put before it."""
        return pickle.dumps(self._transform(packed), protocol=pickle.HIGHEST_PROTOCOL)

    def _transform(self, packed: bytes) -> TransformedBatch | SchemaRegistryUnavailableError:
        types, packed = split_types(packed)
        learn(self.decoder, types)
        try:
            return transform_records(
                self.decoder,
                self.encoder,
                unpack_slices(packed),
                max_record_bytes=self.max_record_bytes,
                protection=self.protection,
                lines=self.lines,
            )
        except SchemaRegistryUnavailableError as error:
            # An answer: raised here, it would be the failure of a worker that is as good as any.
            return error


def unpack_batch(answer: bytes) -> TransformedBatch:
    """
    Decode what a worker answered.

    Raises:
        SchemaRegistryUnavailableError: The worker found the schema registry away.
    """
    batch: TransformedBatch | SchemaRegistryUnavailableError
    batch = pickle.loads(answer)  # noqa: S301 - from our own worker
    if isinstance(batch, SchemaRegistryUnavailableError):
        raise batch
    return batch

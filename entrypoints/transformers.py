"""
Which transformer the service uses, by settings. Ray is imported only where it is meant.

    inprocess ──▶ InProcessTransformer
    ray       ──▶ the same until Ray is up, then its actors, and the same again should Ray die
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from adapters.inprocess.transformer import InProcessTransformer
from adapters.ray.config import RayConfig
from application.consumer_config import ConsumerConfig
from application.ports import BatchTransformer, RecordDecoder, RowEncoder


@asynccontextmanager
async def open_transformer(
    *,
    engine: str,
    decoder: RecordDecoder,
    encoder: RowEncoder,
    ray: RayConfig,
    consumer: ConsumerConfig,
) -> AsyncGenerator[BatchTransformer]:
    """
    Open the transformer that `engine` names, and close it after use.

    Args:
        engine: ``ray`` or ``inprocess``.
        decoder: Decodes one record.
        encoder: Encodes rows in the store's form.
        ray: Where Ray runs.
        consumer: For the size from which on a record is quarantined by reference.
    """
    limit = consumer.max_record_bytes
    inprocess = InProcessTransformer(decoder, encoder, max_record_bytes=limit)
    try:
        if engine == "inprocess":
            yield inprocess
            return
        from adapters.ray.opening import open_ray_transformer  # noqa: PLC0415 - only where meant

        async with open_ray_transformer(
            decoder, encoder, ray, fallback=inprocess, max_record_bytes=limit
        ) as with_ray:
            yield with_ray
    finally:
        inprocess.close()

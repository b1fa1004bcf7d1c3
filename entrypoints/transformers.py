"""
Which transformer the service uses, by settings. Ray is imported only where it is meant.

    inprocess ──▶ InProcessTransformer
    ray       ──▶ the same until Ray is up, then its actors, and the same again should Ray die
"""

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from adapters.direct.lines import IS_COMPILED, best_lines
from adapters.inprocess.transformer import InProcessTransformer
from adapters.ray.config import RayConfig
from application.consumer_config import ConsumerConfig
from application.ports import BatchTransformer, RecordDecoder, RowEncoder
from application.quarantine_protection import QuarantineProtection
from application.source_types import ColumnTypeCatalog, LearningTransformer

logger = logging.getLogger(__name__)


@asynccontextmanager
async def open_transformer(  # noqa: PLR0913 - what the container composes
    *,
    engine: str,
    decoder: RecordDecoder,
    encoder: RowEncoder,
    ray: RayConfig,
    consumer: ConsumerConfig,
    protection: QuarantineProtection | None = None,
    may_block: bool = False,
    catalog: ColumnTypeCatalog | None = None,
    catalog_refresh: float = 10.0,
) -> AsyncGenerator[BatchTransformer]:
    """
    Open the transformer that `engine` names, and close it after use.

    Args:
        engine: ``ray`` or ``inprocess``.
        decoder: Decodes one record.
        encoder: Encodes rows in the store's form.
        ray: Where Ray runs.
        consumer: For the size from which on a record is quarantined by reference.
        protection: What protects the bytes of quarantined records; None keeps them.
        may_block: Whether decoding may wait for a schema registry.
        catalog: Knows the types of the source's columns, for records without schema.
        catalog_refresh: Seconds after which it is asked again.
    """

    def learning(transformer: BatchTransformer) -> BatchTransformer:
        if catalog is None:
            return transformer
        return LearningTransformer(transformer, catalog, refresh=catalog_refresh)

    limit = consumer.max_record_bytes
    lines = best_lines(decoder, encoder)
    if not IS_COMPILED:
        logger.warning(
            "adapters/direct is not compiled here: it works, at twice the processor time for each "
            "event. Install a C compiler and Python's headers, and run `make install`."
        )
    inprocess = InProcessTransformer(
        decoder,
        encoder,
        max_record_bytes=limit,
        protection=protection,
        may_block=may_block,
        lines=lines,
    )
    try:
        if engine == "inprocess":
            yield learning(inprocess)
            return
        from adapters.ray.opening import open_ray_transformer  # noqa: PLC0415 - only where meant
        from adapters.ray.work import TransformWork  # noqa: PLC0415

        work = TransformWork(
            decoder, encoder, max_record_bytes=limit, protection=protection, lines=lines
        )
        async with open_ray_transformer(work, ray, fallback=inprocess) as with_ray:
            yield learning(with_ray)
    finally:
        inprocess.close()

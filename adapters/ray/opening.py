"""Opening the transformer: in this process from the first moment, on Ray as soon as it is up."""

import asyncio
import pickle
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from adapters.ray.choice import MeasuredChoice
from adapters.ray.config import RayConfig
from adapters.ray.driver_process import DriverProcess, driver_process
from adapters.ray.frames import Order
from adapters.ray.shipped_slices import main_topic
from adapters.ray.transformer import RayTransformer, Shipped
from adapters.ray.versions import our_versions
from adapters.ray.with_fallback import TransformerWithFallback
from adapters.ray.work import TransformWork
from application.ports import BatchTransformer
from domain.consumed import PartitionSlice
from domain.errors import TransformerUnavailableError

OpenDriver = Callable[[Order], AbstractAsyncContextManager[DriverProcess]]


@asynccontextmanager
async def open_workers(
    work: TransformWork,
    config: RayConfig,
    *,
    open_driver: OpenDriver = driver_process,
    shipped: Shipped | None = None,
) -> AsyncGenerator[RayTransformer]:
    """
    Start Ray, or join the cluster, and end or leave it at the end. Nothing of it is left.

    Raises:
        ConfigurationError: What is there does not fit this program. Not retryable.
        TransformerUnavailableError: Ray did not come. Retryable.
    """
    order = Order(config, our_versions(), pickle.dumps(work))
    longest = 2 * config.start_timeout  # Ray itself, and then its workers, which say why
    async with open_driver(order) as driver:
        try:
            async with asyncio.timeout(longest):
                await driver.ready()
        except TimeoutError as error:
            where = config.address or "on this machine"
            raise TransformerUnavailableError(
                f"no Ray {where} within {longest:g} s. If the cluster is up and asks for a token, "
                f"set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN_PATH."
            ) from error
        yield RayTransformer(driver, work, shipped=shipped)


@asynccontextmanager
async def open_ray_transformer(
    work: TransformWork, config: RayConfig, *, fallback: BatchTransformer
) -> AsyncGenerator[TransformerWithFallback]:
    """
    Transform with `fallback` at once, and on Ray while it is up. It ends within 5 seconds.

    Args:
        work: What is done with a batch. It is pickled.
        config: Where Ray runs.
        fallback: Transforms what is small, and everything while Ray is not there.
    """
    choice = MeasuredChoice()

    def shipped(slices: Sequence[PartitionSlice], seconds: float) -> None:
        records = sum(len(part.records) for part in slices)
        choice.shipped(main_topic(slices), records, seconds)

    transformer = TransformerWithFallback(
        partial(open_workers, work, config, shipped=shipped), fallback, choice=choice
    )
    opened = asyncio.create_task(transformer.keep_open())
    try:
        yield transformer
    finally:
        opened.cancel()
        await asyncio.wait([opened])
        if not opened.cancelled():
            opened.result()  # a defect of ours is not to go unseen

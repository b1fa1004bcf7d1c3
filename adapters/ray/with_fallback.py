"""
A transformer that comes and goes, and another one that is always there.

    open ──▶ up ──────▶ gone ──▶ pause ──▶ open ...       transform ──▶ the one that is up, or
      └──▶ refused: never again                                     └─▶ the one that is there

While it is up, measurements choose between the two (`choice.py`). All its workers being busy, with
a batch waiting for them and more of them to come, the one that is there takes its share.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Generator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import NoReturn, Protocol

from adapters.ray.choice import Engine, MeasuredChoice, Situation
from adapters.ray.frames import CrewSize
from adapters.ray.shipped_slices import main_topic
from application.patience import BackOff
from application.ports import BatchTransformer
from application.transform_load import TransformLoad
from domain.consumed import ConsumedBatch
from domain.errors import ConfigurationError, TransformerUnavailableError
from domain.transformed import TransformedBatch

logger = logging.getLogger(__name__)

SMALL = 100
"""
Records of a batch that is not worth the way to a worker, nor to be measured.

The way there and back takes about 2 ms of both processes, whatever the batch; in this process
100 records take 1 ms.
"""

SMALL_BYTES = 128 * 1024
LONGEST_REASON = 200
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0


class PassingTransformer(BatchTransformer, Protocol):
    """A transformer that may go."""

    @property
    def crew(self) -> CrewSize:
        """How many workers it has."""
        ...

    async def grow(self) -> None:
        """Ask for a first worker, where there is none."""
        ...

    async def wait_until_gone(self) -> NoReturn:
        """
        Wait until it is gone.

        Raises:
            ConfigurationError: It must not be used again.
            TransformerUnavailableError: It is gone, and may be opened again.
        """
        ...


OpenTransformer = Callable[[], AbstractAsyncContextManager[PassingTransformer]]
"""Opens a passing transformer; what it raises is that of `wait_until_gone`."""


class TransformerWithFallback:
    """
    Transforms on one that comes and goes while it is up, and on another one otherwise.

    Args:
        open_transformer: Opens the one that comes and goes.
        fallback: The other one.
        choice: Chooses between them.
        name: What the first one is called in `engine`.
        back_off: The pauses between the tries to open it.
    """

    def __init__(
        self,
        open_transformer: OpenTransformer,
        fallback: BatchTransformer,
        *,
        choice: MeasuredChoice | None = None,
        name: str = "ray",
        back_off: BackOff | None = None,
    ) -> None:
        self._open = open_transformer
        self._fallback = fallback
        self._name = name
        self._back_off = back_off or BackOff(first=FIRST_PAUSE, longest=LONGEST_PAUSE)
        self._choice = choice or MeasuredChoice()
        self._under_way = 0
        self._on_ray = 0
        self._turn = asyncio.Lock()
        self._up: PassingTransformer | None = None
        self._why_not = f"{name} is starting"

    @property
    def engine(self) -> str:
        if self._up is not None:
            return self._up.engine
        return f"{self._fallback.engine} ({self._why_not})"

    async def transform(self, batch: ConsumedBatch) -> TransformedBatch:
        if _is_small(batch):
            self._choice.went(Engine.INPROCESS, Situation.SMALL)
            began = time.perf_counter()
            result = await self._fallback.transform(batch)
            self._choice.spent(Engine.INPROCESS, time.perf_counter() - began)
            return result
        situation = self._choice.situation(others=self._under_way)
        with self._counted():
            up = self._up
            if up is not None and await self._goes_to_ray(up, batch, situation):
                self._choice.went(Engine.RAY, situation)
                return await self._on_the_way(up, batch)
            self._choice.went(Engine.INPROCESS, situation)
            return await self._here(batch)

    def load(self) -> TransformLoad:
        """Tell what it does now."""
        crew = self._up.crew if self._up is not None else CrewSize()
        return TransformLoad(
            actors=crew.now,
            least=crew.least,
            most=crew.most,
            under_way=self._under_way,
            worth_under_way=crew.now + 1 if self._on_ray else 0,
            decisions=dict(self._choice.decisions),
            seconds=dict(self._choice.seconds),
        )

    async def keep_open(self) -> None:
        """Open the one that comes and goes, again and again, until cancelled or refused."""
        while True:
            try:
                await self._use()
            except ConfigurationError as error:
                self._up = None
                self._why_not = f"{self._name} is refused: {_brief(error)}"
                logger.error("%s is refused", self._name, extra={"reason": str(error)})  # noqa: TRY400 - a setting is wrong: a traceback says nothing
                return
            except TransformerUnavailableError as error:
                self._gone(error)
            finally:
                self._up = None
            await asyncio.sleep(self._back_off.next_pause())

    @contextmanager
    def _counted(self) -> Generator[None]:
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    async def _goes_to_ray(
        self, up: PassingTransformer, batch: ConsumedBatch, situation: Situation
    ) -> bool:
        if self._choice.best(main_topic(batch.slices), situation) is Engine.INPROCESS:
            return False
        if up.crew.now == 0:
            if situation is Situation.BURST:
                await up.grow()
            return False
        # With all there may be, this process would only take the time that sends them batches.
        return self._on_ray <= up.crew.now or up.crew.now >= up.crew.most

    async def _on_the_way(self, up: PassingTransformer, batch: ConsumedBatch) -> TransformedBatch:
        is_alone = self._on_ray == 0
        self._on_ray += 1
        began = time.perf_counter()
        try:
            result = await up.transform(batch)
        except TransformerUnavailableError as error:
            if self._up is up:
                self._gone(error)
            return await self._here(batch)
        finally:
            self._on_ray -= 1
        if is_alone:
            seconds = time.perf_counter() - began
            self._choice.returned(main_topic(batch.slices), batch.record_count, seconds)
        return result

    async def _here(self, batch: ConsumedBatch) -> TransformedBatch:
        # One at a time, which it is anyway: what waits for its turn would spoil the measurement.
        async with self._turn:
            began = time.perf_counter()
            result = await self._fallback.transform(batch)
            seconds = time.perf_counter() - began
        self._choice.decoded(main_topic(batch.slices), batch.record_count, seconds)
        self._choice.spent(Engine.INPROCESS, seconds)
        return result

    async def _use(self) -> None:
        async with self._open() as transformer:
            self._up = transformer
            logger.info("%s is up", self._name)
            self._back_off.reset()
            await transformer.wait_until_gone()

    def _gone(self, error: TransformerUnavailableError) -> None:
        reason = f"{self._name} is gone: {_brief(error)}"
        if self._why_not != reason:
            logger.warning("%s is gone", self._name, extra={"reason": str(error)})
        self._why_not = reason
        self._up = None


def _is_small(batch: ConsumedBatch) -> bool:
    return batch.size <= SMALL_BYTES and batch.record_count < SMALL


def _brief(error: Exception) -> str:
    line = " ".join(str(error).split())
    return line if len(line) <= LONGEST_REASON else f"{line[: LONGEST_REASON - 1]}…"

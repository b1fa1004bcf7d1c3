"""
A transformer that comes and goes, and another one that is always there.

    open ──▶ up ──────▶ gone ──▶ pause ──▶ open ...       transform ──▶ the one that is up, or
      └──▶ refused: never again                                     └─▶ the one that is there
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import NoReturn, Protocol

from application.patience import BackOff
from application.ports import BatchTransformer
from domain.consumed import ConsumedBatch
from domain.errors import ConfigurationError, TransformerUnavailableError
from domain.transformed import TransformedBatch

logger = logging.getLogger(__name__)

SMALL = 100
"""
Records of a batch that is not worth the way to a worker.

The way there and back takes about 2 ms of both processes, whatever the batch; in this process
100 records take 1 ms.
"""

SMALL_BYTES = 128 * 1024
LONGEST_REASON = 200
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0


class PassingTransformer(BatchTransformer, Protocol):
    """A transformer that may go."""

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
        name: What the first one is called in `engine`.
        back_off: The pauses between the tries to open it.
    """

    def __init__(
        self,
        open_transformer: OpenTransformer,
        fallback: BatchTransformer,
        *,
        name: str = "ray",
        back_off: BackOff | None = None,
    ) -> None:
        self._open = open_transformer
        self._fallback = fallback
        self._name = name
        self._back_off = back_off or BackOff(first=FIRST_PAUSE, longest=LONGEST_PAUSE)
        self._up: PassingTransformer | None = None
        self._why_not = f"{name} is starting"

    @property
    def engine(self) -> str:
        if self._up is not None:
            return self._up.engine
        return f"{self._fallback.engine} ({self._why_not})"

    async def transform(self, batch: ConsumedBatch) -> TransformedBatch:
        up = self._up
        if up is None or _is_small(batch):
            return await self._fallback.transform(batch)
        try:
            return await up.transform(batch)
        except TransformerUnavailableError as error:
            if self._up is up:
                self._gone(error)
            return await self._fallback.transform(batch)

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

"""
Types of columns, learned from the source's catalog: for records that carry no schema.

    batch ──▶ with the types of now ──▶ transformer ──▶ nothing undecoded ──▶ done
                      ▲                            └──▶ something undecoded, or a schema change
                      └───── other types now ◀── catalog ◀──────┘

Nobody asks the catalog before a batch has something undecoded. From then on it is asked when its
answer is some seconds old, and sooner when a batch shows that it must have changed; what is new is
used for that very batch. Between an ALTER and the next look at the catalog a value can be decoded
by the type before it.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Protocol, runtime_checkable

import msgspec

from application.ports import BatchTransformer
from application.transform_load import TransformLoad, load_of
from domain.consumed import ConsumedBatch
from domain.control import ControlKind
from domain.errors import RepositoryError
from domain.source_types import SourceTypes
from domain.transformed import TransformedBatch

logger = logging.getLogger(__name__)

SOONEST = 1.0
"""Seconds between two looks at the catalog, whatever batches show."""

PAUSE = 60.0
"""Seconds without another try after one that failed: batches wait for each."""


class ColumnTypeCatalog(Protocol):
    """Knows the types of the source's columns, as they are now."""

    async def types(self) -> SourceTypes:
        """
        The types of all columns.

        Raises:
            RepositoryError: The source's database cannot tell now.
        """
        ...


@runtime_checkable
class LearnsTypes(Protocol):
    """A decoder that can use types of columns."""

    def learn(self, types: SourceTypes) -> None:
        """Use `types` from now on, in place of what was learned before."""
        ...


class LearningTransformer:
    """
    Transforms with the types that the source's catalog tells.

    Args:
        transformer: Transforms.
        catalog: The source's catalog.
        refresh: Seconds after which the catalog is asked again.
        clock: A monotonic clock, in seconds.
    """

    def __init__(
        self,
        transformer: BatchTransformer,
        catalog: ColumnTypeCatalog,
        *,
        refresh: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transformer = transformer
        self._catalog = catalog
        self._refresh = refresh
        self._clock = clock
        self._types: SourceTypes = {}
        self._looked_at: float | None = None
        self._is_away = False
        self._is_needed = False
        self._looking = asyncio.Lock()

    @property
    def engine(self) -> str:
        """Where it works now."""
        return self._transformer.engine

    def load(self) -> TransformLoad | None:
        """Tell what the other one does now."""
        return load_of(self._transformer)

    async def transform(self, batch: ConsumedBatch) -> TransformedBatch:
        """Transform `batch`, once more if types became known by it. Raises as the other does."""
        types = await self._known(self._refresh) if self._is_needed else None
        result = await self._transformer.transform(msgspec.structs.replace(batch, types=types))
        self._is_needed = self._is_needed or result.has_undecoded
        if not (self._is_needed and _shows_a_change(result)):
            return result
        newer = await self._known(min(SOONEST, self._refresh))
        if newer == (types or {}):
            return result
        return await self._transformer.transform(msgspec.structs.replace(batch, types=newer))

    async def _known(self, longest: float) -> SourceTypes:
        """What the catalog told at most `longest` seconds ago, if it can be asked."""
        async with self._looking:
            pause = PAUSE if self._is_away else longest
            if self._looked_at is None or self._clock() >= self._looked_at + pause:
                await self._look()
            return self._types

    async def _look(self) -> None:
        try:
            self._types = await self._catalog.types()
            if self._is_away:
                logger.info("the source's catalog can be read again")
            self._is_away = False
        except RepositoryError as error:
            if not self._is_away:
                reason = {"reason": str(error)}
                logger.warning("types of columns are not known: no source catalog", extra=reason)
            self._is_away = True
        self._looked_at = self._clock()


def learn(decoder: object, types: SourceTypes | None) -> None:
    """Let `decoder` use `types`, if it can, and if there are some."""
    if types is not None and isinstance(decoder, LearnsTypes):
        decoder.learn(types)


def _shows_a_change(batch: TransformedBatch) -> bool:
    return batch.has_undecoded or any(
        kind == ControlKind.SCHEMA_CHANGE.value for _, kind in batch.control_kinds
    )

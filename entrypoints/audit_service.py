"""
The pipeline's whole life: it waits for the database, opens a transformer, and records.

    store.encoder (wait while the database is away) ──▶ transformer ──▶ RecordChanges.run
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from application.consumer_config import ConsumerConfig
from application.patience import BackOff, wait_for_event
from application.ports import AuditStore, BatchObserver, BatchTransformer, RecordSource, RowEncoder
from application.record_changes import RecordChanges
from application.reports import PipelineState, PipelineStatus
from application.topic_orders import HeedOrders, TopicOrders
from application.transform_load import load_of
from domain.errors import ConnectionError  # noqa: A004 - the documented name
from entrypoints.background import Run, running_beside

logger = logging.getLogger(__name__)


class OpenTransformer(Protocol):
    """Opens what makes rows of records, in the store's form, and closes it after use."""

    def __call__(self, *, encoder: RowEncoder) -> AbstractAsyncContextManager[BatchTransformer]:
        """Give a context that is entered once."""
        ...


class AuditService:
    """
    Keeps the trail from the start of the program to its end.

    Args:
        source: Where consumed records come from.
        store: Where the trail is kept.
        observer: Told of every batch.
        open_transformer: Opens the transformer, once the store has given its encoder.
        config: How records become batches.
        beside: Run beside the pipeline, once the database is there; nothing of it ends the service.
        orders: An operator's orders about topics, which the pipeline heeds; None for none.
        engine: The transformer that is meant, for the status before it is there.
        reset: Where a trail without offsets begins: ``earliest`` or ``latest``.
        writer: The store's own token.
        clock: A monotonic clock, in seconds.
    """

    def __init__(  # noqa: PLR0913 - what the container composes
        self,
        *,
        source: RecordSource,
        store: AuditStore,
        observer: BatchObserver,
        open_transformer: OpenTransformer,
        config: ConsumerConfig,
        engine: str,
        beside: Sequence[Run] = (),
        orders: TopicOrders | None = None,
        reset: str = "earliest",
        writer: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._store = store
        self._observer = observer
        self._open_transformer = open_transformer
        self._config = config
        self._beside = tuple(beside)
        if orders is not None:
            self._beside += (HeedOrders(orders, self.heed).run,)
        self._orders: Mapping[str, str] = {}
        self._reset = reset
        self._writer = writer
        self._clock = clock
        self._pipeline: RecordChanges | None = None
        self._transformer: BatchTransformer | None = None
        self._stop = asyncio.Event()
        self._before = PipelineStatus(
            state=PipelineState.STOPPED, last_turn=clock(), transform_engine=engine
        )

    async def run(self) -> None:
        """
        Keep the trail until `request_stop`. Call it once.

        Raises:
            SchemaVersionError: The tables are older or newer than this program.
            StreamRefusedError: A partition must not be read on.
            RivalWriterError: The same other writer was faster too often.
        """
        self._tell(PipelineState.STARTING)
        try:
            encoder = await self._wait_for_encoder()
            if encoder is None:
                return
            async with (
                running_beside(self._beside),
                self._open_transformer(encoder=encoder) as transformer,
            ):
                if self._stop.is_set():
                    return
                self._transformer = transformer
                self._pipeline = RecordChanges(
                    self._source,
                    transformer,
                    self._store,
                    self._observer,
                    self._config,
                    reset=self._reset,
                    writer=self._writer,
                    clock=self._clock,
                )
                self._pipeline.heed(self._orders)
                await self._pipeline.run()
        except BaseException as error:
            self._tell(PipelineState.FAILED, str(error) or type(error).__name__)
            raise
        finally:
            if self._before.state is not PipelineState.FAILED:
                self._tell(PipelineState.STOPPED)

    def request_stop(self) -> None:
        """Ask `run` to end. Call it in the event loop's thread, any number of times."""
        self._stop.set()
        if self._pipeline is not None:
            self._pipeline.request_stop()

    def heed(self, orders: Mapping[str, str]) -> None:
        """Quarantine whatever fails in these topics, and only these: the operator's orders."""
        self._orders = orders
        if self._pipeline is not None:
            self._pipeline.heed(orders)

    def status(self) -> PipelineStatus:
        """Tell what the pipeline is doing now. Cheap, and safe at any time."""
        if self._pipeline is None:
            return self._before
        load = load_of(self._transformer)
        return msgspec.structs.replace(self._pipeline.status(), transform_load=load)

    async def _wait_for_encoder(self) -> RowEncoder | None:
        """Wait for a database that is away, for ever; None if asked to stop meanwhile."""
        back_off = BackOff()
        while not self._stop.is_set():
            try:
                return await self._store.encoder()
            except ConnectionError as error:
                if self._before.state is not PipelineState.WAITING:
                    logger.warning("waiting for the database", extra={"reason": str(error)})
                self._tell(PipelineState.WAITING, str(error))
            await wait_for_event(self._stop, back_off.next_pause())
        return None

    def _tell(self, state: PipelineState, reason: str | None = None) -> None:
        self._before = PipelineStatus(
            state=state,
            reason=reason,
            last_turn=self._clock(),
            transform_engine=self._before.transform_engine,
        )

"""
Retrying quarantined records beside the pipeline, in a thread and with a decoder of its own.

    store.encoder (wait while the database is away) ──▶ transformer ──▶ KeepRetrying

It is in-process whatever the pipeline uses: a slow registry, or a record that takes long, delays
other retries and no batch. Records that ended a worker's process are never taken.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from application.keep_retrying import KeepRetrying
from application.patience import BackOff
from application.ports import AuditStore
from application.quarantine_ledger import RecordFinder, RetryLedger
from application.quarantine_protection import QuarantineProtection
from application.rebuilt_record import RebuildRecord
from application.retry_quarantined import (
    RetryObserver,
    RetryQuarantined,
    RetryReport,
    RetrySchedule,
)
from domain.errors import ConnectionError  # noqa: A004 - the documented name
from domain.quarantine_entry import QuarantineEntry
from entrypoints.audit_service import OpenTransformer


class QuarantineRetries:
    """
    Composes what retries.

    Args:
        store: Gives the encoder of the tables.
        ledger: Where the quarantine is.
        finder: Reads records again whose bytes were not kept.
        open_transformer: Opens a transformer, once there is an encoder.
        schedule: When entries are due.
        max_record_bytes: A larger record is not read again.
        protection: Opens what is encrypted; None where nothing is.
        observer: Told of every retry; None for nobody.
    """

    def __init__(  # noqa: PLR0913 - what the container composes
        self,
        *,
        store: AuditStore,
        ledger: RetryLedger,
        finder: RecordFinder,
        open_transformer: OpenTransformer,
        schedule: RetrySchedule,
        max_record_bytes: int,
        protection: QuarantineProtection | None = None,
        observer: RetryObserver | None = None,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._open_transformer = open_transformer
        self._schedule = schedule
        self._observer = observer
        self.rebuild = RebuildRecord(finder, protection, max_record_bytes=max_record_bytes)

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[RetryQuarantined]:
        """
        Open what retries single entries, and close it after use.

        Raises:
            SchemaVersionError: The tables are not of this program's version.
            ConnectionError: The database cannot be reached.
        """
        encoder = await self._store.encoder()
        async with self._open_transformer(encoder=encoder) as transformer:
            yield RetryQuarantined(
                self._ledger,
                self.rebuild,
                transformer,
                schedule=self._schedule,
                observer=self._observer,
            )

    async def now(self, entry: QuarantineEntry) -> RetryReport:
        """
        Retry one entry now, because somebody asks for it.

        Raises:
            CdcAuditError: Something is away. Nothing happened, and nothing was counted.
        """
        async with self.opened() as retry:
            return await retry.retry(entry)

    async def run(self) -> None:
        """Retry what is due, until cancelled."""
        back_off = BackOff(first=1.0, longest=60.0)
        while True:
            try:
                async with self.opened() as retry:
                    await KeepRetrying(self._ledger, retry, self._schedule).run()
            except ConnectionError:  # the pipeline waits for it, too, and says so
                await asyncio.sleep(back_off.next_pause())

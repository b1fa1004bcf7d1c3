"""A transaction of the source that lacks a change: the service's own check makes it a gap."""

from collections.abc import Sequence

import pytest

from adapters.postgres.completeness import PostgresEndedTransactions
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.gap_ledger import PostgresGapLedger
from adapters.postgres.pool import open_pool
from adapters.postgres.vital_signs import PostgresVitalSigns
from application.check_completeness import CheckCompleteness
from application.keep_checking import KeepChecking
from domain.completeness import TransactionState
from tests.contract.test_ended_transactions import ORDERS, Opened, a_change, boundaries, write
from tests.postgres.trails import a_store

pytestmark = pytest.mark.postgres


async def test_a_missing_change_degrades_health_and_a_pending_or_unknown_one_does_not(
    trail_database: DatabaseConfig,
) -> None:
    log_end = 100

    async def log_ends() -> Sequence[tuple[str, str, int, int]]:
        return [("cluster", ORDERS, 0, log_end)]

    async with a_store(trail_database) as store, open_pool(trail_database) as pool:
        transactions = PostgresEndedTransactions(pool, trail_database)
        opened = Opened(store, transactions, PostgresGapLedger(pool, trail_database))
        doubtful = [*boundaries(2, 8, 2), *boundaries(4, 8, 2)]
        await write(opened, [a_change(0, 7, 1)], [*boundaries(0, 7, 2), *doubtful])
        signs = PostgresVitalSigns(pool, trail_database)
        keep = KeepChecking(
            transactions, CheckCompleteness(transactions, log_ends, grace=0), every=300.0
        )

        await keep.round()
        pending, before = keep.status(), await signs.condition()
        log_end = 1
        await keep.round()
        missing, after = keep.status(), await signs.condition()

    assert pending.counts == {TransactionState.PENDING: 1, TransactionState.UNKNOWN: 2}
    assert missing.counts == {TransactionState.MISSING: 1, TransactionState.UNKNOWN: 2}
    assert (before.open_gaps, after.open_gaps) == (0, 1)
    assert "shop.transaction, partition 0, from offset 1 on (missing_changes)" in (
        after.reason or ""
    )

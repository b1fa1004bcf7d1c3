"""
Checks whether transactions of the source arrived whole, and records what is missing as gaps.

    END records ──▶ counts of their rows ──▶ judge ──▶ complete, pending, unknown
                                               └─────▶ missing ──▶ audit_gap (kind source)
"""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from typing import Protocol

import msgspec

from domain.completeness import (
    GRACE,
    EndedTransaction,
    JudgedTransaction,
    PartitionStanding,
    Surroundings,
    TransactionState,
    judge,
)
from domain.gap import Gap, GapCause

PAGE = 500
"""Transactions that are looked at together."""

_DAY = 86_400_000_000

LogEnds = Callable[[], Awaitable[Collection[tuple[str, str, int, int]]]]
"""Asks Kafka for (cluster, topic, partition, log end) of everything that is read."""


class EndsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """
    Which transactions are asked for.

    Attributes:
        since: Whose END was stored from this time on; microseconds since 1970, UTC.
        until: Before this time.
        transaction_id: Only those with this id.
        after: Only behind this one: when its END was stored, and its row.
        limit: At most so many.
    """

    since: int
    until: int
    transaction_id: str | None = None
    after: tuple[int, tuple[int, int, int]] | None = None
    limit: int = PAGE


class EndedTransactions(Protocol):
    """The transactions whose END record is in the trail, and what is around them."""

    async def ended(self, query: EndsQuery) -> Sequence[EndedTransaction]:
        """
        Transactions in the order in which their END records were stored.

        Raises:
            RepositoryError: The trail cannot be read now.
        """
        ...

    async def surroundings(self) -> Surroundings:
        """
        What may explain that changes lack.

        Raises:
            RepositoryError: The trail cannot be read now.
        """
        ...

    async def record(self, gaps: Sequence[Gap]) -> int:
        """
        Record gaps of the source; one that is known stays as it is.

        Returns:
            How many were not known.

        Raises:
            RepositoryError: The trail cannot be written now.
        """
        ...


class CheckCompleteness:
    """
    Judges transactions.

    Args:
        transactions: The transactions.
        log_ends: Asks Kafka how far its logs go: so a partition that nothing is written to is
            known to have been read. None asks nobody: such transactions stay pending.
        grace: Of a transaction that ended so short ago (microseconds) records may be on their way.
    """

    def __init__(
        self,
        transactions: EndedTransactions,
        log_ends: LogEnds | None = None,
        *,
        grace: int = GRACE,
    ) -> None:
        self._transactions = transactions
        self._log_ends = log_ends
        self._grace = grace

    async def run(self, query: EndsQuery) -> AsyncGenerator[Sequence[JudgedTransaction]]:
        """
        Judge all transactions that `query` asks for, some at a time.

        Raises:
            RepositoryError: The trail cannot be read now.
            SourceUnavailableError: Kafka was to be asked, and cannot be.
        """
        while True:
            # Before the rows are counted: else a row that is stored meanwhile would seem to lack.
            around = await self._around()
            ended = await self._transactions.ended(query)
            if not ended:
                return
            yield [judge(transaction, around, grace=self._grace) for transaction in ended]
            if len(ended) < query.limit:
                return
            last = ended[-1]
            query = msgspec.structs.replace(query, after=(last.recorded_at, last.end))

    async def of_transaction(self, transaction_id: str, *, at: int) -> JudgedTransaction | None:
        """
        Judge one transaction: of those with this id the one whose END was stored nearest to `at`.

        Returns:
            None if the trail has no END record of it that counts anything.

        Raises:
            RepositoryError: The trail cannot be read now.
            SourceUnavailableError: Kafka was to be asked, and cannot be.
        """
        wanted = EndsQuery(since=0, until=now() + _DAY, transaction_id=transaction_id)
        found = [judged async for page in self.run(wanted) for judged in page]
        return min(found, key=lambda j: abs(j.transaction.ended_at - at), default=None)

    async def record(self, judged: Sequence[JudgedTransaction]) -> int:
        """
        Record the missing ones of `judged` as gaps.

        Returns:
            How many were not known.

        Raises:
            RepositoryError: The trail cannot be written now.
        """
        gaps = [gap_of(one) for one in judged if one.state is TransactionState.MISSING]
        return await self._transactions.record(gaps) if gaps else 0

    async def _around(self) -> Surroundings:
        # The log ends first: what the trail has by then is at least as much.
        ends = await self._log_ends() if self._log_ends is not None else ()
        around = await self._transactions.surroundings()
        log_ends = {(cluster, topic, partition): end for cluster, topic, partition, end in ends}
        partitions = [_with_log_end(p, log_ends) for p in around.partitions]
        return msgspec.structs.replace(around, partitions=partitions)


def gap_of(judged: JudgedTransaction) -> Gap:
    """The gap that a transaction with missing changes is: it is at its END record."""
    found = judged.transaction
    stream_id, partition, offset = found.end
    return Gap(
        stream_id=stream_id,
        partition=partition,
        first_offset=offset,
        next_offset=offset,
        cause=GapCause.MISSING_CHANGES,
        evidence=(
            f"transaction {found.transaction_id} of {found.source_name} ended at offset {offset} "
            f"of {found.topic}, and changes of it never came: {judged.reason}"
        ),
    )


def now() -> int:
    """Microseconds since 1970, UTC."""
    return time.time_ns() // 1000


def _with_log_end(
    partition: PartitionStanding, log_ends: dict[tuple[str, str, int], int]
) -> PartitionStanding:
    end = log_ends.get((partition.cluster_id, partition.topic, partition.partition))
    if end is None or partition.next_offset < end:
        return partition
    return msgspec.structs.replace(partition, at_log_end=True)

"""
The ports of `verify_accounting`. Their docstrings are the contract, as in `ports.py`.

    Bookkeeping.open ──▶ Books: counters, gaps and rows of one partition, in one snapshot
    TopicReader.read ──▶ the topic's own records, where it still exists
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from domain.account import Account, Trace
from domain.consumed import ConsumedRecord
from domain.gap import LedgerGap
from domain.stream import StreamPartition


class Books(Protocol):
    """What the trail holds of one stream partition: one snapshot, however long it is read."""

    @property
    def account(self) -> Account:
        """The counters."""
        ...

    @property
    def gaps(self) -> Sequence[LedgerGap]:
        """The gaps of offsets, in the order of their offsets."""
        ...

    def traces(self, *, whole: bool = False) -> AsyncGenerator[Trace]:
        """
        Every row that accounts for an offset, by offset; those outside the account's range too.

        Rows that a quarantined record has left behind after a successful retry are not among
        them, nor what programs wrote into the quarantine themselves.

        Args:
            whole: Give the rows of the trail themselves, too.
        """
        ...


class Bookkeeping(Protocol):
    """Opens the books of a trail."""

    async def partitions(self) -> Sequence[StreamPartition]:
        """
        Every stream partition that came from Kafka, sorted.

        Raises:
            RepositoryError: The trail cannot be read now.
        """
        ...

    def open(self, partition: StreamPartition) -> AbstractAsyncContextManager[Books]:
        """
        Open the books of one partition.

        Raises:
            RepositoryError: The trail cannot be read now.
        """
        ...


class LogExtent(msgspec.Struct, frozen=True):
    """
    What the broker has of a partition now.

    Attributes:
        first_offset: First offset that can still be read.
        next_offset: Offset that the next record will get.
    """

    first_offset: int
    next_offset: int


class TopicReader(Protocol):
    """Reads topics again, without a group: nothing is committed."""

    async def extent(self, account: Account) -> LogExtent | None:
        """
        What the broker has of the partition; None where this life of the topic is gone.

        Raises:
            SourceUnavailableError: The broker is gone.
        """
        ...

    def read(
        self, partition: StreamPartition, *, start: int, end: int
    ) -> AsyncGenerator[ConsumedRecord]:
        """
        Every committed record from `start` on, before `end`, by offset.

        Raises:
            SourceUnavailableError: The broker is gone, or a record cannot be read.
        """
        ...

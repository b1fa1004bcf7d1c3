"""
Partitions that stopped at damage in their log: told to health, and let go of in the trail.

What nobody writes, an operator may move: once it is past the damage, the source's next claim finds
that, and reads on.
"""

import logging
from collections.abc import Collection, Mapping

from application.ports import AuditStore, RecordSource
from domain.errors import RepositoryError
from domain.stream import StreamPartition

logger = logging.getLogger(__name__)


class PartitionStops:
    """
    Gives up stopped partitions, whenever they are not claimed.

    Args:
        source: Tells which partitions are stopped.
        store: Lets go of them.
    """

    def __init__(self, source: RecordSource, store: AuditStore) -> None:
        self._source = source
        self._store = store
        self._given_up: frozenset[StreamPartition] = frozenset()

    @property
    def reasons(self) -> Mapping[str, str]:
        """The stopped partitions, as ``topic-partition``, with the reason in words."""
        return {
            f"{stop.partition.topic}-{stop.partition.partition}": stop.reason
            for stop in self._source.stopped()
        }

    async def look(self, claimed: Collection[StreamPartition]) -> None:
        """Let go of what has stopped since the last look, or has stopped again."""
        idle = {stop.partition for stop in self._source.stopped()}.difference(claimed)
        new = idle - self._given_up
        try:
            if new:
                await self._store.give_up(sorted(new))
            self._given_up = frozenset(idle)
        except RepositoryError as error:  # the next look tries again
            logger.warning("stopped partitions not given up yet", extra={"reason": str(error)})

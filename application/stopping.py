"""What the ports of `ports.py` say of partitions that cannot be read on. Contracts, as there."""

from collections.abc import Sequence
from typing import Protocol

from domain.stopped_partition import StoppedPartition
from domain.stream import StreamPartition


class StopsAtDamage(Protocol):
    """A source that stops a partition whose log is damaged, and reads the others on."""

    def stopped(self) -> Sequence[StoppedPartition]:
        """
        Partitions of ours that cannot be read on.

        What is sound before the damage has been given by `poll`, and the partition was released.
        It is claimed again now and then; once it is read on, it is not among these any more.
        """
        ...


class GivesUpPartitions(Protocol):
    """A store whose writer can let go of partitions that it claimed."""

    async def give_up(self, partitions: Sequence[StreamPartition]) -> None:
        """
        Let go of partitions that are stopped: an operator may move their offsets now.

        One that another writer has claimed meanwhile stays that writer's.

        Raises:
            ConnectionError: The database cannot be reached.
        """
        ...

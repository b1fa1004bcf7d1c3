"""Makes sure that the trail has a partition for every day of a batch."""

import time
from collections.abc import Collection

from adapters.postgres.pool import Session

_SECONDS_PER_DAY = 86_400
# Each new partition takes locks until its transaction ends: a batch over many years is cut up.
_DAYS_AT_ONCE = 32

_ENSURE = "SELECT audit_ensure_partitions(%s::integer [])"
_AHEAD = "SELECT audit_ensure_partitions(audit_days_ahead())"


class PartitionMaker:
    """Remembers the days that are known to have a partition, so that most batches ask nothing."""

    def __init__(self) -> None:
        self._known: set[int] = set()
        self._ahead_on: int | None = None

    async def ensure(self, session: Session, days: Collection[int]) -> None:
        """
        Make the missing partitions, each few in a short transaction of their own.

        Once a day the current and the next one are made ahead, so that no batch waits for them.

        Args:
            session: In autocommit mode, outside a transaction.
            days: Days since 1970, UTC.
        """
        today = int(time.time()) // _SECONDS_PER_DAY
        if self._ahead_on != today:
            await session.execute(_AHEAD)
            self._ahead_on = today
        missing = sorted(set(days) - self._known)
        for start in range(0, len(missing), _DAYS_AT_ONCE):
            await session.execute(_ENSURE, [missing[start : start + _DAYS_AT_ONCE]])
        self._known.update(missing)

    def forget(self) -> None:
        """Look again: somebody dropped or detached a partition."""
        self._known.clear()
        self._ahead_on = None

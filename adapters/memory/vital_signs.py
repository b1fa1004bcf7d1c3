"""Numbers of a trail in memory that are asked for when somebody looks."""

from adapters.memory.gap_ledger import MemoryGapLedger
from adapters.memory.trail import MemoryTrail
from application.gap_ledger import GapQuery
from application.vital_signs import TOLD_GAPS, TrailCondition
from domain.disposition import Tally


class MemoryVitalSigns:
    """Tells what a `MemoryTrail` is known to miss."""

    def __init__(self, trail: MemoryTrail) -> None:
        self._trail = trail

    async def condition(self) -> TrailCondition:
        """Count open quarantine and gaps that lose changes."""
        every = GapQuery(only_open=True, limit=len(self._trail.gaps))
        gaps = await MemoryGapLedger(self._trail).gaps(every)
        resolved = sum(not entry.is_open for entry in self._trail.entries.values())
        return TrailCondition(
            open_quarantine=len(self._trail.quarantine) - resolved,
            open_gaps=len(gaps),
            offsets=sum((offset.tally for offset in self._trail.offsets.values()), start=Tally()),
            gaps=tuple(gap.title for gap in reversed(gaps[-TOLD_GAPS:])),
        )

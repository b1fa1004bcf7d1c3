"""Numbers of a trail in memory that are asked for when somebody looks."""

from adapters.memory.trail import MemoryTrail
from application.vital_signs import TrailCondition


class MemoryVitalSigns:
    """Tells what a `MemoryTrail` is known to miss. Nobody can acknowledge anything."""

    def __init__(self, trail: MemoryTrail) -> None:
        self._trail = trail

    async def condition(self) -> TrailCondition:
        """Count open quarantine and gaps that lose changes."""
        resolved = sum(not entry.is_open for entry in self._trail.entries.values())
        return TrailCondition(
            open_quarantine=len(self._trail.quarantine) - resolved,
            open_gaps=sum(gap.loses for gap in self._trail.gaps),
        )

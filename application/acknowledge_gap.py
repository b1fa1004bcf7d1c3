"""
Takes note of a gap: somebody knows that changes may be missing, and says why that is acceptable.

    find ──▶ open? ──▶ reason given? ──▶ acknowledge, once ──▶ health is itself again
"""

from application.gap_ledger import GapLedger
from domain.gap import GapOrderError, LedgerGap

LONGEST_TEXT = 2_000
"""Characters of a reason, or of a name."""


class AcknowledgeGap:
    """
    Acknowledges gaps, for the command line, the API and the page alike.

    Args:
        ledger: Where gaps are kept.
    """

    def __init__(self, ledger: GapLedger) -> None:
        self._ledger = ledger

    async def acknowledge(self, gap_id: int, *, by: str, reason: str) -> LedgerGap:
        """
        Acknowledge one gap.

        Args:
            gap_id: Its number.
            by: Who takes note of it.
            reason: Why it is acceptable, in their words.

        Raises:
            GapOrderError: There is no such gap, it was acknowledged before, or a text is missing.
            RepositoryError: The trail cannot be written now.
        """
        by, reason = _given("who acknowledges it", by), _given("the reason", reason)
        acknowledged = await self._ledger.acknowledge(gap_id, by=by, reason=reason)
        if acknowledged is not None:
            return acknowledged
        found = await self._ledger.find(gap_id)
        if found is None or found.acknowledged is None:
            raise GapOrderError(
                f"there is no gap {gap_id}. `cdc-audit gap list` shows which there are."
            )
        raise GapOrderError(
            f"gap {gap_id} was acknowledged by {found.acknowledged.by} before: that stays. "
            f"`cdc-audit gap show {gap_id}` tells when and why."
        )


def _given(what: str, text: str) -> str:
    stripped = text.strip()
    if not stripped:
        raise GapOrderError(f"{what} is missing: it is kept with the gap, for whoever asks later.")
    if len(stripped) > LONGEST_TEXT:
        raise GapOrderError(f"{what} has {len(stripped)} characters, more than {LONGEST_TEXT}.")
    return stripped

"""What page and API are built on: questions to one trail, and what can be looked after in it."""

from collections.abc import Awaitable, Callable

import msgspec

from application.gap_ledger import GapLedger
from application.quarantine_ledger import QuarantineLedger
from application.query_trail import QueryTrail
from application.questions import TrailQuestions, TrailReaders, questions_to
from application.retry_quarantined import RetryReport
from application.scoped_health import ScopedGaps, ScopedQuarantine
from application.scoped_readers import scoped, scoped_questions
from application.source_types import ColumnTypeCatalog
from domain.access import TableScope
from domain.quarantine_entry import QuarantineEntry

Retry = Callable[[QuarantineEntry], Awaitable[RetryReport]]
"""Retries one quarantined record now."""


class TrailSite(msgspec.Struct, frozen=True, kw_only=True):
    """
    One trail, as people use it.

    Attributes:
        readers: Read the trail.
        questions: What can be asked.
        gaps: The ledger of gaps.
        quarantine: The quarantine; None where it cannot be looked after from here.
        retry: Retries a record of it; None where no pipeline runs beside.
        catalog: Knows the types of the source's columns; None where nobody knows them.
    """

    readers: TrailReaders
    questions: TrailQuestions
    gaps: GapLedger
    quarantine: QuarantineLedger | None = None
    retry: Retry | None = None
    catalog: ColumnTypeCatalog | None = None

    def seen_by(self, scope: TableScope) -> "TrailSite":
        """The site for somebody who may see the tables of `scope`: the others are not there."""
        if not scope.patterns:
            return self
        quarantine = self.quarantine
        return TrailSite(
            readers=scoped(self.readers, scope),
            questions=scoped_questions(self.readers, scope, catalog=self.catalog),
            gaps=ScopedGaps(self.gaps, scope),
            quarantine=None if quarantine is None else ScopedQuarantine(quarantine, scope),
            retry=self.retry,
            catalog=self.catalog,
        )


def trail_site(  # noqa: PLR0913 - what the container composes
    readers: TrailReaders,
    *,
    live_interval: float = 0.25,
    catalog: ColumnTypeCatalog | None = None,
    gaps: GapLedger | None = None,
    quarantine: QuarantineLedger | None = None,
    retry: Retry | None = None,
) -> TrailSite:
    """
    Put a site together.

    Args:
        readers: Read the trail.
        live_interval: Seconds between two looks for new changes while somebody follows.
        catalog: Knows the types of the source's columns, for SQL that puts things back.
        gaps: The ledger of gaps with the right to acknowledge; the readers' own if None.
        quarantine: The quarantine.
        retry: Retries a record of it; None where no pipeline runs beside.
    """
    trail = QueryTrail(readers.trail, interval=live_interval)
    return TrailSite(
        readers=readers,
        catalog=catalog,
        questions=questions_to(readers, trail=trail, catalog=catalog),
        gaps=gaps or readers.gaps,
        quarantine=quarantine,
        retry=retry,
    )

"""The pages of gaps: what is not in the trail, why, and who took note of it."""

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from application.acknowledge_gap import LONGEST_TEXT, AcknowledgeGap
from application.gap_ledger import GapQuery
from domain.gap import GapCause, GapOrderError, LedgerGap
from entrypoints.http.api_problems import NOT_FOUND, UNPROCESSABLE
from entrypoints.http.api_structs import Problem
from entrypoints.http.looks import note_rows
from entrypoints.http.page_facts import time_view
from entrypoints.http.page_forms import fields_of, number_of, on_to
from entrypoints.http.page_render import Renderer
from entrypoints.http.page_scope import must_operate, seen_site
from entrypoints.http.page_values import visible
from entrypoints.http.site import TrailSite

_PAGE = 100
_CAUSES: Mapping[str, str] = {
    GapCause.EXPIRED: "Kafka had deleted these records before they were read: its retention was "
    "shorter than the service was away.",
    GapCause.COMPACTED: "Kafka compacts this topic: older values of a key are gone by design. This "
    "needs no acknowledgement.",
    GapCause.REMADE_TOPIC: "The topic was deleted and made anew.",
    GapCause.RESTORED_BROKER: "The broker was restored to an earlier state.",
    GapCause.OPERATOR_SKIP: "An operator ordered the service to skip these records.",
    GapCause.CORRUPT: "Kafka's log is damaged here: these records cannot be read.",
    GapCause.MISSING_CHANGES: "Changes of the source never came to Kafka.",
}


class GapPages:
    """
    The routes of gaps.

    Args:
        site: The ledger of gaps, and whose it is.
        render: Fills templates.
    """

    def __init__(self, site: TrailSite, render: Renderer) -> None:
        self._site = site
        self._render = render

    def routes(self) -> Sequence[Route]:
        """The routes."""
        return (
            Route("/gaps", self.list),
            Route("/gaps/{id}", self.one, methods=["GET"]),
            Route("/gaps/{id}/acknowledge", self.acknowledge, methods=["POST"]),
        )

    async def list(self, request: Request) -> Response:
        """All gaps, the newest first; or only the open ones."""
        only_open = request.query_params.get("show") != "all"
        before = number_of(request.query_params.get("before", ""))
        found = await seen_site(self._site, request).gaps.gaps(
            GapQuery(only_open=only_open, before=before, limit=_PAGE + 1)
        )
        shown = found[:_PAGE]
        note_rows(request, len(shown))
        more = f"&before={shown[-1].id}" if len(found) > _PAGE else None
        context = {
            "gaps": [self._view(gap) for gap in shown],
            "only_open": only_open,
            "older_url": None if more is None else f"/gaps?show={_show(only_open)}{more}",
        }
        return self._render.page(request, "gaps.html", context)

    async def one(self, request: Request) -> Response:
        """One gap."""
        gap = await self._find(request)
        note_rows(request, int(gap is not None))
        if gap is None:
            return self._render.problem(request, _no_such_gap(request))
        return self._show(request, gap)

    async def acknowledge(self, request: Request) -> Response:
        """Take note of a gap."""
        who = must_operate(request)
        gap = await self._find(request)
        if gap is None:
            return self._render.problem(request, _no_such_gap(request))
        reason = (await fields_of(request)).get("reason", "")
        try:
            await AcknowledgeGap(self._site.gaps).acknowledge(gap.id, by=who.name, reason=reason)
        except GapOrderError as error:
            return self._show(request, gap, problem=str(error), reason=reason)
        return on_to(f"/gaps/{gap.id}")

    async def _find(self, request: Request) -> LedgerGap | None:
        number = number_of(request.path_params["id"])
        return None if number is None else await seen_site(self._site, request).gaps.find(number)

    def _show(
        self, request: Request, gap: LedgerGap, *, problem: str | None = None, reason: str = ""
    ) -> Response:
        context = {
            "gap": self._view(gap),
            "problem": problem,
            "reason": reason,
            "longest": LONGEST_TEXT,
        }
        status = UNPROCESSABLE if problem else 200
        return self._render.page(request, "gap.html", context, status)

    def _view(self, gap: LedgerGap) -> Mapping[str, object]:
        now = self._render.clock()
        note = gap.acknowledged
        known_size = gap.next_offset - gap.first_offset
        return {
            "id": gap.id,
            "topic": visible(gap.topic),
            "incarnation": gap.incarnation,
            "partition": gap.partition,
            "offsets": gap.offsets,
            "size": known_size or None,
            "cause": visible(gap.cause),
            "meaning": _CAUSES.get(gap.cause, ""),
            "evidence": visible(gap.evidence),
            "is_open": gap.is_open,
            "first_seen": time_view(gap.first_seen, now),
            "noted": None
            if note is None
            else {
                "time": time_view(note.at, now),
                "by": visible(note.by),
                "reason": visible(note.reason),
            },
        }


def _show(only_open: bool) -> str:  # noqa: FBT001 - a word for it
    return "open" if only_open else "all"


def _no_such_gap(request: Request) -> Problem:
    number = visible(request.path_params["id"][:20])
    return Problem(title="Not found", status=NOT_FOUND, detail=f"there is no gap {number}.")

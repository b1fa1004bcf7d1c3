"""The pages of the quarantine: records that could not be audited, their bytes, and what to do."""

import logging
from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from application.quarantine_ledger import QuarantineQuery
from application.retry_quarantined import RetryOutcome, RetryReport
from domain.errors import CdcAuditError
from domain.quarantine_entry import QuarantineEntry
from entrypoints.http.api_problems import NOT_FOUND, UNAVAILABLE, UNPROCESSABLE
from entrypoints.http.api_structs import Problem
from entrypoints.http.looks import note_rows
from entrypoints.http.page_entry_view import entry_of, event_of, line_of
from entrypoints.http.page_forms import fields_of, number_of, on_to
from entrypoints.http.page_links import url
from entrypoints.http.page_render import Renderer
from entrypoints.http.page_scope import must_operate, seen_site
from entrypoints.http.page_values import visible
from entrypoints.http.site import TrailSite

logger = logging.getLogger(__name__)

_PAGE = 100
_LONGEST_REASON = 2_000
_CONFLICT = 409
_NO_RETRY = "No pipeline runs beside this page. The command cdc-audit quarantine retry retries it."


class QuarantinePages:
    """
    The routes of the quarantine.

    Args:
        site: The quarantine, and what retries, as far as there is any.
        render: Fills templates.
    """

    def __init__(self, site: TrailSite, render: Renderer) -> None:
        self._site = site
        self._render = render

    def routes(self) -> Sequence[Route]:
        """The routes."""
        return (
            Route("/quarantine", self.list),
            Route("/quarantine/{id}", self.one, methods=["GET"]),
            Route("/quarantine/{id}/retry", self.retry, methods=["POST"]),
            Route("/quarantine/{id}/resolve", self.resolve, methods=["POST"]),
        )

    async def list(self, request: Request) -> Response:
        """Entries, the newest first: the open ones, or all."""
        ledger = seen_site(self._site, request).quarantine
        if ledger is None:
            return self._render.page(request, "quarantine.html", {"is_here": False})
        given = request.query_params
        only_open = given.get("show") != "all"
        topic, error = given.get("topic") or None, given.get("error") or None
        query = QuarantineQuery(
            topic=topic,
            error_type=error,
            is_open=True if only_open else None,
            behind=number_of(given.get("behind", "")),
            limit=_PAGE + 1,
        )
        found = await ledger.search(query)
        shown, now = found[:_PAGE], self._render.clock()
        note_rows(request, len(shown))
        kept = {"show": "open" if only_open else "all", "topic": topic, "error": error}
        used = {name: text for name, text in kept.items() if text}
        older = {**used, "behind": str(shown[-1].error_id)} if len(found) > _PAGE else None
        context = {
            "is_here": True,
            "entries": [line_of(entry, now) for entry in shown],
            "only_open": only_open,
            "topic": None if topic is None else visible(topic),
            "error": None if error is None else visible(error),
            "open_url": url("/quarantine", {**used, "show": "open"}),
            "all_url": url("/quarantine", {**used, "show": "all"}),
            "older_url": None if older is None else url("/quarantine", older),
        }
        return self._render.page(request, "quarantine.html", context)

    async def one(self, request: Request) -> Response:
        """One entry."""
        entry = await self._find(request)
        note_rows(request, int(entry is not None))
        if entry is None:
            return self._render.problem(request, _no_such_entry(request))
        return await self._show(request, entry)

    async def retry(self, request: Request) -> Response:
        """Retry an entry now."""
        must_operate(request)
        entry = await self._find(request)
        if entry is None:
            return self._render.problem(request, _no_such_entry(request))
        if self._site.retry is None:
            return await self._show(request, entry, problem=_NO_RETRY, status=_CONFLICT)
        try:
            report = await self._site.retry(entry)
        except CdcAuditError as error:
            logger.warning("a record could not be retried", extra={"error": str(error)})
            told = f"It could not be retried now, and nothing was counted: {error}"
            return await self._show(request, entry, problem=told, status=UNAVAILABLE)
        problem = _why_not(report)
        if problem is not None:
            again = await self._find(request) or entry
            return await self._show(request, again, problem=problem, status=_CONFLICT)
        return on_to(f"/quarantine/{entry.error_id}")

    async def resolve(self, request: Request) -> Response:
        """Resolve an entry without a row in the trail."""
        who = must_operate(request)
        entry = await self._find(request)
        ledger = self._site.quarantine
        if entry is None or ledger is None:
            return self._render.problem(request, _no_such_entry(request))
        reason = (await fields_of(request)).get("reason", "").strip()
        if not reason or len(reason) > _LONGEST_REASON:
            told = f"A reason is needed, of at most {_LONGEST_REASON} characters: it is kept."
            return await self._show(request, entry, problem=told, status=UNPROCESSABLE)
        done = await ledger.resolve([entry.error_id], reason=f"{who.name}: {reason}")
        if not done:
            told = "It was not open any more: somebody was faster."
            return await self._show(request, entry, problem=told, status=_CONFLICT)
        return on_to(f"/quarantine/{entry.error_id}")

    async def _find(self, request: Request) -> QuarantineEntry | None:
        number = number_of(request.path_params["id"])
        ledger = seen_site(self._site, request).quarantine
        return None if number is None or ledger is None else await ledger.find(number)

    async def _show(
        self,
        request: Request,
        entry: QuarantineEntry,
        *,
        problem: str | None = None,
        status: int = 200,
    ) -> Response:
        now = self._render.clock()
        ledger = self._site.quarantine
        history = await ledger.history(entry.error_id) if ledger else ()
        context: Mapping[str, object] = {
            "entry": entry_of(entry, now),
            "history": [event_of(event, now) for event in history],
            "can_retry": self._site.retry is not None,
            "no_retry": _NO_RETRY,
            "problem": None if problem is None else visible(problem),
            "longest": _LONGEST_REASON,
        }
        return self._render.page(request, "entry.html", context, status)


def _why_not(report: RetryReport) -> str | None:
    """Why a retry did not give the record its place; None if it did."""
    if report.outcome is RetryOutcome.PLACED:
        return None
    if report.failure is not None:
        return f"It stays: {report.failure.error_type}: {report.failure.error_message}"
    return "It was not open any more: somebody was faster."


def _no_such_entry(request: Request) -> Problem:
    number = visible(request.path_params["id"][:20])
    return Problem(
        title="Not found", status=NOT_FOUND, detail=f"there is no quarantined record {number}."
    )

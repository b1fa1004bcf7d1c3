"""The page of a transaction: all its changes, in order, and whether that is all."""

from collections.abc import Mapping, Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from application.show_transaction import FoundTransaction, TransactionAnswer
from application.trail_query import StoredControl
from domain.transaction_completeness import Completeness
from entrypoints.http.api_parameters import BadParameterError, read_time
from entrypoints.http.api_problems import NOT_FOUND
from entrypoints.http.api_structs import Problem
from entrypoints.http.looks import note_rows
from entrypoints.http.page_facts import time_view
from entrypoints.http.page_forms import parameters_of
from entrypoints.http.page_links import transaction_url
from entrypoints.http.page_missing import missing_view
from entrypoints.http.page_render import Renderer
from entrypoints.http.page_scope import seen_site, sees_all
from entrypoints.http.page_times import span
from entrypoints.http.page_values import visible
from entrypoints.http.page_view import row_view
from entrypoints.http.site import TrailSite

_KNOWN = ("id", "source", "at")
_SHOWN = 500
_WORDS = {
    Completeness.COMPLETE: "All of it is here.",
    Completeness.INCOMPLETE: "Changes of it are missing.",
    Completeness.UNKNOWN: "Nobody can say whether all of it is here: the trail has no END record "
    "of it. Set `provide.transaction.metadata=true` in the connector to have one; or the "
    "transaction goes on still.",
}
_ONLY_SOME = "These are its changes of tables that you may see. Whether it is complete is not told."
_TOO_MANY = "It has more changes than are looked at, so nothing is said of completeness."


class TransactionPages:
    """
    The routes of transactions.

    Args:
        site: The trail.
        render: Fills templates.
    """

    def __init__(self, site: TrailSite, render: Renderer) -> None:
        self._site = site
        self._render = render

    def routes(self) -> Sequence[Route]:
        """The routes."""
        return (Route("/transactions", self.transaction),)

    async def transaction(self, request: Request) -> Response:
        """One transaction; several with that id are listed."""
        given = _read(request)
        ask = seen_site(self._site, request).questions.transaction
        found = await ask.named(given["id"], source_name=given.get("source") or None)
        at = read_time("at", given["at"]) if given.get("at") else None
        if at is not None and found:
            nearest = min(found, key=lambda one: abs(one.at - at))
            found = [FoundTransaction(nearest.identity, at)]
        if len(found) > 1:
            return self._several(request, found)
        answer = await ask.show(found[0]) if found else None
        if answer is None or not answer.changes:
            note_rows(request, 0)
            return self._render.problem(request, _no_such_transaction(given["id"]))
        return self._one(request, answer)

    def _one(self, request: Request, answer: TransactionAnswer) -> Response:
        now, whole = self._render.clock(), sees_all(request)
        changes = answer.changes
        note_rows(request, len(changes[:_SHOWN]))
        report = answer.report
        is_complete = whole and report.completeness is Completeness.COMPLETE
        first, last = answer.first, answer.last
        context = {
            "number": visible(answer.identity.transaction_id),
            "source": visible(answer.identity.source_name or "not known"),
            "database": visible(answer.identity.source_database or ""),
            "rows": [row_view(stored, now) for stored in changes[:_SHOWN]],
            "total": len(changes),
            "users": sorted({visible(s.record.change_user or "") for s in changes} - {""}),
            "completeness": report.completeness.value if whole else "unknown",
            "words": _words(answer) if whole else _ONLY_SOME,
            "expected": report.expected if whole else None,
            "found": report.found,
            "collections": [
                msgspec.structs.replace(one, name=visible(one.name))
                for one in (report.collections if whole else ())
            ],
            "boundaries": [_boundary(one) for one in answer.boundaries],
            "first": None if first is None else time_view(first, now),
            "took": None if first is None or last is None else span(last - first),
            "put_back": f"/changes/{changes[0].id}/put-back?what=transaction",
            "missing": None if is_complete else missing_view(answer.may_be_incomplete),
        }
        return self._render.page(request, "transaction.html", context)

    def _several(self, request: Request, found: Sequence[FoundTransaction]) -> Response:
        now = self._render.clock()
        note_rows(request, len(found))
        choices = [
            {
                "url": transaction_url(one.identity, one.at),
                "number": visible(one.identity.transaction_id),
                "source": visible(one.identity.source_name or "not known"),
                "database": visible(one.identity.source_database or ""),
                "time": time_view(one.at, now),
            }
            for one in found
        ]
        return self._render.page(request, "transactions.html", {"choices": choices})


def _read(request: Request) -> Mapping[str, str]:
    given = parameters_of(request, _KNOWN, stripped=_KNOWN)
    if not given.get("id"):
        raise BadParameterError("id", "is missing: it is the connector's own id of a transaction.")
    return given


def _words(answer: TransactionAnswer) -> str:
    return _TOO_MANY if answer.has_more else _WORDS[answer.report.completeness]


def _boundary(stored: StoredControl) -> Mapping[str, str]:
    message = stored.message
    return {
        "kind": message.kind.value,
        "id": stored.id,
        "topic": visible(stored.topic),
        "payload": visible(message.payload or ""),
    }


def _no_such_transaction(number: str) -> Problem:
    return Problem(
        title="Not found",
        status=NOT_FOUND,
        detail=f"the trail has no change of a transaction {visible(number[:100])}.",
    )

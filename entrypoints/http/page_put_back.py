"""The SQL that puts a change, a row or a transaction back. People copy it; nobody here runs it."""

from collections.abc import Sequence
from typing import Literal, get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from application.put_back import PutBack, RevertAnswer
from application.trail_query import StoredRecord
from entrypoints.http.api_parameters import BadParameterError, read_id
from entrypoints.http.api_problems import no_such_change
from entrypoints.http.looks import note_rows
from entrypoints.http.page_missing import missing_view
from entrypoints.http.page_render import Renderer
from entrypoints.http.page_scope import seen_site, sees_all
from entrypoints.http.page_values import visible_lines
from entrypoints.http.page_view import row_view
from entrypoints.http.site import TrailSite

What = Literal["change", "row", "transaction"]


class PutBackPages:
    """
    The routes of the SQL.

    Args:
        site: The trail.
        render: Fills templates.
    """

    def __init__(self, site: TrailSite, render: Renderer) -> None:
        self._site = site
        self._render = render

    def routes(self) -> Sequence[Route]:
        """The routes."""
        return (Route("/changes/{id}/put-back", self.show),)

    async def show(self, request: Request) -> Response:
        """The script for one change, its row, or its transaction."""
        text = request.path_params["id"]
        what = _what(request.query_params.get("what", "change"))
        coordinates = read_id(text)
        ask = seen_site(self._site, request).questions
        stored = None if coordinates is None else await ask.trail.change(*coordinates)
        if stored is None:
            note_rows(request, 0)
            return self._render.problem(request, no_such_change(text))
        answer = await _ask(ask.put_back, stored, what)
        note_rows(request, len(answer.plan.statements) + len(answer.plan.refused))
        context = {
            "row": row_view(stored, self._render.clock()),
            "what": what,
            "has_transaction": stored.record.transaction_id is not None and sees_all(request),
            "has_key": stored.record.record_key is not None,
            "answer": answer,
            "script": None if answer.script is None else visible_lines(answer.script),
            "missing": missing_view(answer.may_be_incomplete),
        }
        return self._render.page(request, "put_back.html", context)


async def _ask(put_back: PutBack, stored: StoredRecord, what: What) -> RevertAnswer:
    if what == "row":
        return await put_back.row(stored)
    if what == "transaction":
        return await put_back.transaction(stored)
    return await put_back.change(stored)


def _what(text: str) -> What:
    for what in get_args(What):
        if text == what:
            found: What = what
            return found
    raise BadParameterError("what", f"must be one of {', '.join(get_args(What))}.")

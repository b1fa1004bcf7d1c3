"""`/api/v1` refuses: every refusal is a problem (RFC 9457) that names what to change."""

from collections.abc import Sequence

import pytest

from adapters.memory.trail_reader import MemoryTrailReader
from application.trail_query import StoredRecord, TrailQuery
from domain.access import Role
from domain.errors import QueryTooWideError
from entrypoints.http.page_app import page_app
from tests.unit.http.api_asking import AFTER_ALL, BEFORE_ALL, ORDER, Desk, post
from tests.unit.http.page_data import PageTrail
from tests.unit.http.requests import get


@pytest.mark.parametrize(
    ("path", "parameters", "field"),
    [
        ("/changes", {"since": "soon"}, "since"),
        ("/changes", {"limit": "0"}, "limit"),
        ("/changes", {"before": "1-2"}, "before"),
        ("/changes", {"count": "yes"}, "count"),
        ("/changes", {"value": "paid"}, "value"),
        ("/changes", {"color": "red"}, "color"),
        ("/changes/stream", {"after": "x"}, "after"),
        ("/changes/1-0-1/revert", {"of": "all"}, "of"),
        ("/rows", {"table": "orders"}, "key"),
        ("/rows/history", {"key": "7"}, "table"),
        ("/rows/at", ORDER, "time"),
        ("/rows/diff", {**ORDER, "earlier": AFTER_ALL, "later": BEFORE_ALL}, "later"),
        ("/transactions", {}, "id"),
        ("/statistics", {"since": AFTER_ALL, "until": BEFORE_ALL}, "until"),
        ("/gaps", {"before": "x"}, "before"),
        ("/gaps/first", {}, "id"),
        ("/quarantine/0", {}, "id"),
        ("/export", {"format": "xls"}, "format"),
        ("/health", {"now": "1"}, "now"),
    ],
)
async def test_a_wrong_parameter_is_named(
    path: str, parameters: dict[str, str], field: str
) -> None:
    answer = await Desk().ask(path, parameters=parameters)

    assert answer.status_code == 422, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["field"] == field


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/changes/9-9-9", {}),
        ("/changes/9-9-9/revert", {}),
        ("/rows/history", {"table": "orders", "key": "8"}),
        ("/rows/at", {"before": "9-9-9"}),
        ("/transactions/of/1-0-2", {}),
        ("/gaps/9", {}),
        ("/quarantine/9", {}),
        ("/tables/diff", {"table": "nothing", "earlier": BEFORE_ALL, "later": AFTER_ALL}),
        ("/nothing", {}),
    ],
)
async def test_what_is_not_there_is_said_to_be_so(path: str, parameters: dict[str, str]) -> None:
    answer = await Desk().ask(path, parameters=parameters)

    assert answer.status_code == 404
    assert answer.json()["title"] == "Not found"


async def test_a_method_that_a_path_has_not_is_a_problem_that_names_those_it_has() -> None:
    answer = await Desk().ask("/changes", method="DELETE")

    assert answer.status_code == 405
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "GET" in answer.headers["Allow"]


async def test_a_key_of_several_tables_asks_which_one() -> None:
    desk = Desk()
    desk.trail.add(table="orders", source_schema="archive", record_key='{"id":7}')

    answer = await desk.ask("/rows/history", parameters=ORDER)

    assert answer.status_code == 409
    assert "schema.table" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("sent", "status"), [({}, 422), ({"reason": " "}, 422), ({"reason": "x", "more": 1}, 422)]
)
async def test_a_body_that_is_wrong_is_refused(sent: object, status: int) -> None:
    desk = Desk()

    answer = await desk.ask(
        "/gaps/1/acknowledge", await desk.token(Role.OPERATOR), method="POST", json=sent
    )

    assert answer.status_code == status, answer.text


async def test_a_form_is_no_body() -> None:
    desk = Desk()
    operator = await desk.token(Role.OPERATOR)
    sent = {
        "Authorization": f"Bearer {operator}",
        "Content-Type": "application/x-www-form-urlencoded",
    }

    answer = await post(desk.app, "/api/v1/gaps/1/acknowledge", b"reason=x", sent)

    assert answer.status_code == 415


class TooWide(MemoryTrailReader):
    """A reader whose database gives up."""

    async def search(self, query: TrailQuery) -> Sequence[StoredRecord]:
        """Give up."""
        raise QueryTooWideError(30.0, looked_at=f"{query.limit} rows")


async def test_a_question_that_is_too_wide_is_answered_with_how_to_narrow_it() -> None:
    trail = PageTrail()
    app = page_app(trail.site(TooWide(trail.memory)))

    answers = [await get(app, f"/api/v1{path}") for path in ("/changes?text=x", "/export?text=x")]

    assert [answer.status_code for answer in answers] == [503, 503]
    assert all("Narrow it" in answer.json()["detail"] for answer in answers)
    assert all("Retry-After" not in answer.headers for answer in answers)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json"}, 200),
        ({"Content-Type": "application/json", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "text/plain"}, 403),
        ({}, 403),
    ],
)
async def test_where_nobody_is_asked_a_program_may_post_and_another_site_may_not(
    headers: dict[str, str], status: int
) -> None:
    desk = Desk()
    app = page_app(desk.site)

    answer = await post(app, "/api/v1/gaps/1/acknowledge", b'{"reason":"known"}', headers)

    assert answer.status_code == status, answer.text

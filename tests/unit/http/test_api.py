"""`/api/v1/changes`: what programs get, and how they are told what is wrong."""

from typing import Any
from urllib.parse import urlencode

import pytest

from domain.operation import BeforeImage
from entrypoints.http.page_app import page_app
from tests.builders import NOON
from tests.unit.http.html_reading import read_html
from tests.unit.http.page_data import PageTrail, UnsteadyReader, a_delete, an_insert
from tests.unit.http.page_reading import app_over
from tests.unit.http.requests import get
from tests.unit.http.shop_story import a_shop

CHANGES = "/api/v1/changes"
EVERYTHING = {
    "id": "1-0-0",
    "url": "/changes/1-0-0",
    "time": "2023-11-14T22:13:20.000000Z",
    "time_source": "source",
    "captured_at": "2023-11-14T22:13:20.000001Z",
    "kafka_time": "2023-11-14T22:13:20.000002Z",
    "recorded_at": "2023-11-14T22:13:20.000000Z",
    "operation": "UPDATE",
    "table": {
        "connector": "postgresql",
        "source": "shop",
        "database": "shop",
        "schema": "public",
        "name": "orders",
    },
    "key": {"id": 1},
    "key_hash": str(2**63 - 1),
    "old": {"id": 1, "status": "new"},
    "new": {"id": 1, "status": "paid"},
    "changed_columns": ["status"],
    "before_image": "complete",
    "value_notes": {"card": "masked"},
    "transaction": {"id": "771", "order": 2, "collection_order": None},
    "user": "app:ada",
    "lsn": "0/16E9058",
    "source_position": None,
    "source_metadata": {"lsn": 24023128},
    "headers": [["trace", "1"]],
    "kafka": {"topic": "shop.public.orders", "stream": 1, "partition": 0, "offset": 0},
    "decoder_version": 1,
}


async def asked(trail: PageTrail, path: str = CHANGES, **parameters: str) -> Any:  # noqa: ANN401 - JSON
    """Ask the API for something that is there."""
    url = f"{path}?{urlencode(parameters)}" if parameters else path
    answer = await get(app_over(trail), url)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    kept = "private, max-age=86400, immutable" if "/changes/" in path else "no-store"
    assert answer.headers["Cache-Control"] == kept
    return answer.json()


async def test_a_change_has_everything_that_was_stored() -> None:
    trail = PageTrail()
    trail.add(
        record_key='{"id":1}',
        change_user="app:ada",
        transaction_id="771",
        transaction_order=2,
        captured_at=NOON + 1,
        kafka_timestamp=NOON + 2,
        key_hash=2**63 - 1,
        lsn="0/16E9058",
        source_metadata='{"lsn":24023128}',
        headers='[["trace","1"]]',
        value_notes='{"card":"masked"}',
    )

    answer = await asked(trail)

    assert answer["changes"] == [EVERYTHING]
    assert answer["older"] is None
    assert answer["cursor"] == "1:0-1"


async def test_numbers_keep_every_digit() -> None:
    trail = PageTrail()
    trail.add(**an_insert(new_data='{"big":12345678901234567890.100}'))

    answers = [await get(app_over(trail), path) for path in (CHANGES, f"{CHANGES}/1-0-0")]

    assert all('"new":{"big":12345678901234567890.100}' in answer.text for answer in answers)


async def test_an_opened_change_has_its_columns_compared() -> None:
    trail = PageTrail()
    trail.add(
        old_data='{"id":1,"status":"new"}',
        new_data='{"id":1,"status":null}',
        value_notes='{"card":{"note":"unavailable","length":9},"status":{"old":"masked"}}',
    )

    answer = await asked(trail, f"{CHANGES}/1-0-0")

    plain: dict[str, Any] = {"available": True, "trusted": True, "notes": [], "detail": None}
    unsent = {
        "available": False,
        "trusted": False,
        "notes": ["unavailable"],
        "detail": {"length": 9},
    }
    assert answer["change"]["id"] == "1-0-0"
    assert answer["columns"] == [
        {
            "name": "id",
            "status": "unchanged",
            "old": {**plain, "value": 1},
            "new": {**plain, "value": 1},
        },
        {
            "name": "status",
            "status": "changed",
            "old": {**plain, "value": "new", "notes": ["masked"]},
            "new": {**plain, "value": None},
        },
        {"name": "card", "status": "unavailable", "old": unsent, "new": unsent},
    ]


async def test_a_filler_is_not_trusted() -> None:
    trail = PageTrail()
    trail.add(
        **a_delete(
            record_key='{"id":1}',
            old_data='{"id":1,"stars":0}',
            before_image=BeforeImage.INVENTED,
        )
    )

    answer = await asked(trail, f"{CHANGES}/1-0-0")

    trusted = {column["name"]: column["old"]["trusted"] for column in answer["columns"]}
    assert trusted == {"id": True, "stars": False}


async def test_a_column_name_that_no_text_can_hold_spoils_nothing() -> None:
    trail = PageTrail()
    trail.add(**an_insert(new_data=r'{"a\ud800b":1}'))

    answer = await get(app_over(trail), f"{CHANGES}/1-0-0")

    assert answer.status_code == 200
    assert answer.json()["columns"][0]["name"] == r"a\ud800b"


async def test_filters_are_those_of_the_page() -> None:
    answer = await asked(a_shop(), table="public.reviews", operation="delete", key="3")

    assert [change["key"] for change in answer["changes"]] == [{"id": 3}]


async def test_pages_follow_by_the_keyset() -> None:
    trail = PageTrail()
    expected = [trail.add(partition=n % 2, change_timestamp=NOON).id for n in range(7)]
    seen: list[str] = []
    before: dict[str, str] = {}

    while True:
        page = await asked(trail, limit="3", **before)
        seen += [change["id"] for change in page["changes"]]
        if page["older"] is None:
            break
        before = {"before": page["older"]}

    assert sorted(seen) == sorted(expected)
    assert len(seen) == len(expected)


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"operation": "explode"}, "operation"),
        ({"since": "yesterday"}, "since"),
        ({"until": "2026-13-01"}, "until"),
        ({"before": "1-2"}, "before"),
        ({"before": "99999999999999999999-1-0-0"}, "before"),
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"limit": "٣"}, "limit"),
        ({"colour": "red"}, "colour"),
        ({"table": "a\0"}, "table"),
        ({"key": "k" * 10_001}, "key"),
    ],
)
async def test_a_wrong_parameter_is_a_problem_that_names_it(
    parameters: dict[str, str], field: str
) -> None:
    answer = await get(app_over(a_shop()), f"{CHANGES}?{urlencode(parameters)}")

    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["title"] == "A parameter is wrong"
    assert problem["status"] == 422
    assert problem["field"] == field
    assert problem["detail"].startswith(f"{field}: ")
    assert len(problem["detail"]) < 400


async def test_a_parameter_given_twice_is_not_chosen_from() -> None:
    answer = await get(app_over(a_shop()), f"{CHANGES}?table=orders&table=carts")

    assert answer.json()["field"] == "table"


@pytest.mark.parametrize("name", ["after", "Last-Event-ID"])
async def test_a_cursor_that_is_none_is_refused_before_the_stream_begins(name: str) -> None:
    query, headers = ("", {name: "0-0"}) if name == "Last-Event-ID" else ("?after=0-0", {})

    answer = await get(app_over(a_shop()), f"{CHANGES}/stream{query}", headers=headers)

    assert answer.status_code == 422
    assert answer.json()["field"] == name


@pytest.mark.parametrize(
    "id_", ["1-0-999", "0-0-0", "x", "1-0", "1-0-99999999999999999999", "99999999999-0-0"]
)
async def test_no_change_is_a_problem_that_says_what_an_id_is(id_: str) -> None:
    answer = await get(app_over(a_shop()), f"{CHANGES}/{id_}")

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "stream-partition-offset" in answer.json()["detail"]


async def test_a_path_that_is_none_is_a_problem_in_json() -> None:
    answer = await get(app_over(a_shop()), "/api/v1/nothing")

    assert answer.status_code == 404
    assert answer.json()["title"] == "Not found"


async def test_a_trail_that_is_away_is_told_with_when_to_come_back() -> None:
    trail = a_shop()
    reader = UnsteadyReader(trail.memory)
    reader.is_away = True
    app = page_app(trail.site(reader))

    api = [await get(app, path) for path in (CHANGES, f"{CHANGES}/1-0-0", f"{CHANGES}/stream")]
    page = await get(app, "/")

    assert [answer.status_code for answer in (*api, page)] == [503] * 4
    assert {answer.headers["Retry-After"] for answer in api} == {"5"}
    assert {answer.json()["title"] for answer in api} == {"The trail cannot be read now"}
    assert read_html(page.text).one("h1").text == "The trail cannot be read now"


async def test_a_change_may_be_kept_by_whoever_has_it_and_is_not_sent_again() -> None:
    app = app_over(a_shop())
    first = await get(app, f"{CHANGES}/1-0-0")

    again = await get(app, f"{CHANGES}/1-0-0", headers={"If-None-Match": first.headers["ETag"]})
    other = await get(app, f"{CHANGES}/1-0-0", headers={"If-None-Match": '"another"'})

    assert first.headers["ETag"].startswith('"')
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert (other.status_code, other.content) == (200, first.content)

"""What rows and requests cannot do to the page: no markup, no hidden text, no foreign host."""

import json
from urllib.parse import urlencode

import msgspec
import pytest

from domain.gap import Gap, GapCause
from tests.builders import a_quarantined_record
from tests.unit.http.html_reading import Element, read_html
from tests.unit.http.page_data import PageTrail, an_insert
from tests.unit.http.page_reading import app_over, columns, page_of
from tests.unit.http.requests import get
from tests.unit.http.shop_story import a_shop

EVIL = """<img src=x onerror=alert(1)>"'><script>alert(2)</script>{{ 7 * 7 }}<!--"""
EVIL_KEY = json.dumps({EVIL: EVIL}, separators=(",", ":"))
ROW_7 = urlencode({"table": "orders", "key": "7"})
EVERY_PAGE = (
    "/",
    "/search?table=orders",
    "/changes/3-0-1",
    "/changes/3-0-1?view=inline",
    "/changes/3-0-1/put-back",
    f"/rows?{ROW_7}",
    f"/rows?{ROW_7}&column=status",
    "/transactions?id=771",
    "/statistics",
    "/overview",
    "/facets",
    "/quarantine",
    "/gaps",
    "/health",
    "/login",
)
TAGS = frozenset({"script", "img", "iframe", "style", "object", "embed"})


def an_evil_trail() -> PageTrail:
    """A trail with markup in every place that the source decides upon."""
    trail = PageTrail()
    value = msgspec.json.encode({EVIL: EVIL}).decode()
    trail.add(
        source_table=EVIL,
        source_schema=EVIL,
        source_name=EVIL,
        source_database=EVIL,
        connector=EVIL,
        record_key=value,
        old_data=msgspec.json.encode({EVIL: "old"}).decode(),
        new_data=value,
        changed_columns=(EVIL,),
        value_notes=msgspec.json.encode({EVIL: {"note": EVIL, "more": EVIL}}).decode(),
        change_user=EVIL,
        transaction_id=EVIL,
        lsn=None,
        source_position=EVIL,
        source_metadata=value,
        headers=value,
    )
    place = trail.memory
    place.quarantine[1, 0, 7] = a_quarantined_record(
        7, topic=EVIL, key=EVIL.encode(), value=EVIL.encode(), headers=((EVIL, EVIL.encode()),),
        error_type=EVIL, error_message=EVIL,
    )  # fmt: skip
    place.gaps.append(
        Gap(stream_id=1, partition=0, first_offset=1, next_offset=5, cause=GapCause.EXPIRED,
            evidence=EVIL)
    )  # fmt: skip
    return trail


def dangerous(page: Element) -> list[str]:
    """Elements that are not the page's own, and attributes that run code."""
    own = {f"/static/{name}.js" for name in ("vendor/htmx.min", "vendor/uPlot.iife.min", "live")}
    own.add("/static/page.js")
    found = [e.tag for e in page.all() if e.tag in TAGS and e.attributes.get("src") not in own]
    return found + [
        name
        for element in page.all()
        for name, value in element.attributes.items()
        if name.startswith("on") or name == "style" or value.lower().startswith("javascript:")
    ]


async def test_markup_in_rows_is_text_in_the_list() -> None:
    page = await page_of(an_evil_trail())

    assert dangerous(page) == []
    (row,) = page.one("tbody", id="rows").all("tr")
    assert row.one(of_class="user").text == EVIL
    assert row.one("a", of_class="open").text == f"{EVIL}.{EVIL}"
    assert row.one(of_class="summary").one(of_class="name").text == EVIL


async def test_markup_in_rows_is_text_in_an_opened_change() -> None:
    page = await page_of(an_evil_trail(), "/changes/1-0-0")

    assert dangerous(page) == []
    assert list(columns(page)) == [EVIL]
    assert page.one("title").text.startswith(f"UPDATE {EVIL}.{EVIL}")


@pytest.mark.parametrize(
    "path",
    [
        f"/rows?{urlencode({'key': EVIL_KEY})}",
        f"/rows?{urlencode({'key': EVIL_KEY, 'column': EVIL})}",
        f"/transactions?{urlencode({'id': EVIL})}",
        "/changes/1-0-0/put-back",
        "/search?text=img",
        "/statistics",
        "/overview",
        "/facets",
        "/health",
        "/gaps",
        "/gaps/1",
        "/quarantine",
        "/quarantine/1",
    ],
)
async def test_markup_in_rows_is_text_on_every_page(path: str) -> None:
    page = await page_of(an_evil_trail(), path)

    assert dangerous(page) == []
    assert EVIL in page.text


async def test_markup_in_a_request_is_text() -> None:
    found = await page_of(a_shop(), table=EVIL, key=EVIL)
    refused = await page_of(a_shop(), status=422, operation=EVIL, table=EVIL)
    unknown = await page_of(a_shop(), "/changes/<script>alert(1)", status=404)

    assert [dangerous(page) for page in (found, refused, unknown)] == [[], [], []]
    assert found.all("input")[0].attributes["value"] == EVIL


async def test_no_page_has_code_or_style_in_its_markup() -> None:
    trail = a_shop()

    found = {path: dangerous(await page_of(trail, path)) for path in EVERY_PAGE}

    assert found == {path: [] for path in EVERY_PAGE}


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (r"\u0000", r"a\u0000b"),
        (r"\u202e", r"a\u202eb"),
        (r"\u2028", r"a\u2028b"),
        (r"\u200b", r"a\u200bb"),
        (r"\u00ad", r"a\u00adb"),
        (r"\ud800", r"a\ud800b"),
        (r"\udb40\udc41", r"a\U000e0041b"),
        (r"\u001b[31m", r"a\u001b[31mb"),
        (r"\r", r"a\u000db"),
        ("é", "aéb"),
        ("\N{ARABIC LETTER ALEF}", "a\N{ARABIC LETTER ALEF}b"),
        ("\N{GRINNING FACE}", "a\N{GRINNING FACE}b"),
    ],
    ids=ascii,
)
async def test_characters_that_hide_or_turn_text_are_shown_as_escapes(
    written: str, shown: str
) -> None:
    trail = PageTrail()
    trail.add(
        **an_insert(
            new_data=f'{{"a{written}b":"a{written}b"}}', record_key=f'{{"id":"a{written}b"}}'
        )
    )

    page = await page_of(trail, "/changes/1-0-0")
    line = await page_of(trail)

    assert columns(page)[shown][2] == shown
    assert page.one(of_class="title-key").text == shown
    assert line.one("td", of_class="key").text == shown


async def test_a_very_long_value_keeps_the_list_short() -> None:
    trail = PageTrail()
    trail.add(**an_insert(new_data=f'{{"body":"{"x" * 1_000_000}"}}'))

    answer = await get(app_over(trail), "/")

    assert len(answer.content) < 20_000


async def test_deeply_nested_values_are_shown_as_they_are() -> None:
    nested = "[" * 2_000 + "]" * 2_000
    trail = PageTrail()
    trail.add(**an_insert(new_data=f'{{"deep":{nested}}}'))

    page = await page_of(trail, "/changes/1-0-0")

    assert page.one("pre", of_class="v-json").text == nested


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/changes/3-0-1",
        "/changes/none",
        "/?colour=red",
        "/api/v1/changes",
        "/api/v1/nothing",
        "/static/page.css",
        "/static/nothing",
    ],
)
async def test_every_answer_has_the_security_headers(path: str) -> None:
    answer = await get(app_over(a_shop()), path)

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http:" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] in ("no-store", "no-cache")


async def test_an_error_of_ours_has_the_headers_too_and_tells_nothing_inner() -> None:
    trail = PageTrail()
    trail.add(value_notes="no json, and secret")

    page = await get(app_over(trail), "/")
    api = await get(app_over(trail), "/api/v1/changes/1-0-0")

    for answer in (page, api):
        assert answer.status_code == 500
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert "secret" not in answer.text
    assert read_html(page.text).one("h1").text == "Internal error"
    assert api.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:80", "a.localhost"]
)
async def test_a_loopback_name_is_ours(host: str) -> None:
    answer = await get(app_over(a_shop()), "/", headers={"host": host})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.example", ""]
)
async def test_a_foreign_name_is_refused_on_the_page_and_the_api(host: str) -> None:
    app = app_over(a_shop())

    answers = [await get(app, path, headers={"host": host}) for path in ("/", "/api/v1/changes")]

    assert [answer.status_code for answer in answers] == [421, 421]
    assert "http.allowed_hosts" in answers[0].text
    assert "orders" not in answers[0].text


@pytest.mark.parametrize("allowed", ["Audit.Example", "*"])
async def test_a_name_that_is_allowed_is_served(allowed: str) -> None:
    app = app_over(a_shop(), allowed_hosts=[allowed])

    answer = await get(app, "/", headers={"host": "audit.example:8080"})

    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_nothing_can_be_written(method: str) -> None:
    trail = a_shop()
    app = app_over(trail)

    answers = [await get(app, path, method=method) for path in ("/", "/api/v1/changes/3-0-1")]

    assert [answer.status_code for answer in answers] == [403, 403]

"""Who may look at the page and the API, and what is written down of it."""

import pytest

from adapters.memory.access import MemoryAccessLog, MemoryEndedSessions, MemoryTokenStore
from application.access_log import Look
from domain.access import AccessToken
from domain.errors import ConnectionError  # noqa: A004 - the documented name
from entrypoints.http.access_config import AccessConfig
from entrypoints.http.page_access import page_access
from tests.unit.http.page_reading import app_over
from tests.unit.http.requests import get
from tests.unit.http.shop_story import a_shop
from tests.unit.http.visitors import BrokenLog, Guarded, csrf_of, log_in

API = "/api/v1/changes"


async def test_the_api_answers_whom_a_token_names() -> None:
    guarded = Guarded()
    headers = {"Authorization": f"Bearer {await guarded.token()}"}

    answer = await get(guarded.app, API, headers=headers)

    assert answer.status_code == 200
    assert answer.json()["changes"]


@pytest.mark.parametrize(
    "given",
    [
        None,
        "Bearer ",
        "Bearer cdca_wrong",
        "Basic b24tY2FsbDpzZWNyZXQ=",
        "cdca_wrong",
        "Bearer",
    ],
)
async def test_the_api_answers_nobody_else(given: str | None) -> None:
    guarded = Guarded()
    headers = {} if given is None else {"Authorization": given}

    answer = await get(guarded.app, API, headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "cdc-audit token create" in answer.json()["detail"]
    assert "orders" not in answer.text


async def test_a_revoked_token_opens_nothing_any_more() -> None:
    guarded = Guarded()
    secret = await guarded.token()
    (token,) = await guarded.access.tokens.list()

    await guarded.access.tokens.revoke(token.id)

    assert (
        await get(guarded.app, API, headers={"Authorization": f"Bearer {secret}"})
    ).status_code == 401


async def test_the_page_sends_a_stranger_to_the_form_and_from_there_back() -> None:
    guarded = Guarded()
    async with guarded.browser() as browser:
        sent = await browser.get("/?table=orders")
        back = await log_in(browser, await guarded.token(), target="/?table=orders")
        page = await browser.get("/?table=orders")

    assert sent.status_code == 303
    assert sent.headers["location"] == "/login?next=%2F%3Ftable%3Dorders"
    assert (back.status_code, back.headers["location"]) == (303, "/?table=orders")
    assert page.status_code == 200


async def test_a_session_is_a_cookie_that_no_script_reads() -> None:
    guarded = Guarded(secure_cookies=True)
    async with guarded.browser() as browser:
        form = await browser.get("/login")

    cookie = form.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" in cookie


async def test_a_session_ends_with_the_token_that_opened_it() -> None:
    guarded = Guarded()
    async with guarded.browser() as browser:
        await log_in(browser, await guarded.token())
        before = await browser.get("/")
        (token,) = await guarded.access.tokens.list()
        await guarded.access.tokens.revoke(token.id)
        after = await browser.get("/")

    assert (before.status_code, after.status_code) == (200, 303)


async def test_a_session_ends_when_its_hours_are_over() -> None:
    guarded = Guarded(session_hours=1e-9)
    async with guarded.browser() as browser:
        await log_in(browser, await guarded.token())
        answer = await browser.get("/")

    assert answer.status_code == 303


async def test_a_session_of_another_service_opens_nothing() -> None:
    first, second = Guarded(), Guarded()
    await second.token()
    async with first.browser() as browser:
        await log_in(browser, await first.token())
        cookies = dict(browser.cookies)
    async with second.browser() as browser:
        browser.cookies.update(cookies)
        answer = await browser.get("/")

    assert answer.status_code == 303


async def test_who_logs_out_is_a_stranger_again() -> None:
    guarded = Guarded()
    async with guarded.browser() as browser:
        await log_in(browser, await guarded.token())
        out = await browser.post("/logout", data={"csrf": await csrf_of(browser)})
        after = await browser.get("/")

    assert (out.status_code, out.headers["location"]) == (303, "/login")
    assert after.status_code == 303


@pytest.mark.parametrize("csrf", ["", "guessed"])
async def test_a_form_that_another_site_made_is_refused(csrf: str) -> None:
    guarded = Guarded()
    async with guarded.browser() as browser:
        answer = await log_in(browser, await guarded.token(), csrf=csrf)
        page = await browser.get("/")

    assert answer.status_code == 403
    assert page.status_code == 303


async def test_a_request_that_a_browser_says_is_of_another_site_is_refused() -> None:
    guarded = Guarded()
    async with guarded.browser() as browser:
        browser.headers["sec-fetch-site"] = "cross-site"
        answer = await log_in(browser, await guarded.token())

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "target",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "/\\elsewhere.example/",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: x=y",
        "",
    ],
)
async def test_after_the_form_nobody_lands_on_another_site(target: str) -> None:
    guarded = Guarded()
    async with guarded.browser() as browser:
        answer = await log_in(browser, await guarded.token(), target=target)

    assert answer.headers["location"] == "/"


async def test_whoever_guesses_must_wait() -> None:
    guarded = Guarded(login_attempts=3)
    async with guarded.browser() as browser:
        guesses = [await log_in(browser, f"cdca_{n}") for n in range(3)]
        too_many = await log_in(browser, await guarded.token())
    async with guarded.browser(address="192.0.2.7") as other:
        elsewhere = await log_in(other, await guarded.token())

    assert [guess.status_code for guess in guesses] == [401] * 3
    assert too_many.status_code == 429
    assert 0 < int(too_many.headers["retry-after"]) <= 60
    assert elsewhere.status_code == 303


async def test_a_trusted_proxy_names_who_looks() -> None:
    guarded = Guarded(proxy_header="X-Forwarded-User", trusted_proxies=["192.0.2.0/24"])
    headers = {"X-Forwarded-User": "ada@example.org"}
    async with guarded.browser(address="192.0.2.7") as proxy:
        trusted = await proxy.get(API, headers=headers)
    async with guarded.browser(address="203.0.113.7") as stranger:
        forged = await stranger.get(API, headers=headers)

    assert (trusted.status_code, forged.status_code) == (200, 401)
    assert [(look.who, look.via) for look in guarded.log.looks] == [("ada@example.org", "proxy")]


async def test_every_look_is_written_down() -> None:
    guarded = Guarded()
    headers = {"Authorization": f"Bearer {await guarded.token('auditor')}"}

    answer = await get(guarded.app, f"{API}?table=orders", headers=headers)

    expected = Look(
        who="auditor",
        via="token",
        address="127.0.0.1",
        action=f"GET {API}",
        query="table=orders",
        status=200,
        row_count=len(answer.json()["changes"]),
    )
    assert guarded.log.looks == [expected]


async def test_what_cannot_be_written_down_is_not_shown() -> None:
    guarded = Guarded(log=BrokenLog())
    headers = {"Authorization": f"Bearer {await guarded.token()}"}

    answer = await get(guarded.app, API, headers=headers)

    assert answer.status_code == 503
    assert "orders" not in answer.text


async def test_no_secret_is_written_down() -> None:
    guarded = Guarded()
    secret = await guarded.token()
    async with guarded.browser() as browser:
        await log_in(browser, secret)
        await browser.get("/")

    assert guarded.log.looks
    assert not [look for look in guarded.log.looks if secret in repr(look)]


async def test_where_nobody_is_asked_everybody_looks() -> None:
    answer = await get(app_over(a_shop()), API)

    assert answer.status_code == 200


async def test_a_token_is_judged_also_where_nobody_is_asked() -> None:
    answer = await get(app_over(a_shop()), API, headers={"Authorization": "Bearer cdca_wrong"})

    assert answer.status_code == 401


def test_the_default_asks_nobody() -> None:
    assert AccessConfig().mode == "open"


class UnreachableTokens(MemoryTokenStore):
    """A store of tokens whose database is away."""

    async def find(self, secret_hash: bytes) -> AccessToken | None:
        """Fail."""
        raise ConnectionError(f"no connection to look for {len(secret_hash)} bytes")


async def test_static_files_look_up_nobody() -> None:
    access = page_access(
        AccessConfig(mode="tokens"),
        UnreachableTokens(),
        MemoryAccessLog(),
        ended=MemoryEndedSessions(),
    )
    app = app_over(a_shop(), access=access)
    headers = {"Authorization": "Bearer cdca_any"}

    style = await get(app, "/static/page.css", headers=headers)
    answer = await get(app, API, headers=headers)

    assert (style.status_code, answer.status_code) == (200, 503)

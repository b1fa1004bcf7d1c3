"""What an attacker tries at the guard, the log-in and the session."""

import logging
from urllib.parse import unquote

import httpx
import pytest
from starlette.types import ASGIApp, Message

from entrypoints.http.serving import Endpoint, serving
from tests.unit.http.page_reading import app_over
from tests.unit.http.requests import get
from tests.unit.http.shop_story import a_shop
from tests.unit.http.visitors import Guarded, csrf_of, log_in

API = "/api/v1/changes"


async def as_written(app: ASGIApp, path: str, *, method: str) -> tuple[int, bytes]:
    """Ask as a server passes it on: clients, and httpx too, would resolve the dots before."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8080),
    }
    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


@pytest.mark.parametrize(
    "path",
    [
        "//api/v1/changes",
        "/login/../api/v1/changes",
        "/static/../api/v1/changes",
        "/static/%2e%2e/api/v1/changes",
        "/static/..%2fapi/v1/changes",
        "/login%2f..%2fapi/v1/changes",
        "/login/oidc/../../api/v1/changes",
        "/LOGIN/../",
        "/api/v1/changes/",
        "/api//v1/changes",
        "/api/v1/openapi.json/../changes",
        "/status/../search",
        "/;/",
        "/search",
        "/health",
        "/quarantine",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_no_way_to_write_a_path_shows_a_stranger_rows(path: str, method: str) -> None:
    guarded = Guarded()
    await guarded.token()

    status, body = await as_written(guarded.app, path, method=method)

    assert status in {303, 307, 401, 404, 405}
    assert b"orders" not in body
    assert guarded.log.looks == []


@pytest.mark.parametrize(
    "host",
    [
        "localhost/login?x.localhost",
        "x/static/?.localhost",
        "localhost/login",
        "a b.localhost",
        "@",
    ],
)
@pytest.mark.parametrize("allowed", [["*"], []])
async def test_a_host_that_has_a_path_in_it_is_refused(host: str, allowed: list[str]) -> None:
    app = app_over(a_shop(), access=Guarded().access, allowed_hosts=allowed)

    answers = [await get(app, path, headers={"host": host}) for path in ("/", API)]

    assert [answer.status_code for answer in answers] == [421, 421]


@pytest.mark.parametrize("name", ["token", "access_token", "authorization", "bearer"])
async def test_no_token_is_taken_from_an_address(name: str) -> None:
    guarded = Guarded()

    answer = await get(guarded.app, f"{API}?{name}={await guarded.token()}")

    assert answer.status_code == 401


async def test_a_session_is_another_one_after_the_log_in() -> None:
    guarded = Guarded()
    async with guarded.browser() as browser:
        before = await csrf_of(browser)
        planted = dict(browser.cookies)
        await log_in(browser, await guarded.token())
        after = await csrf_of(browser)
    async with guarded.browser() as attacker:
        attacker.cookies.update(planted)
        answer = await attacker.get("/")

    assert before != after
    assert answer.status_code == 303


async def test_a_copy_of_the_cookie_ends_with_the_log_out() -> None:
    guarded = Guarded()
    async with guarded.browser() as browser:
        await log_in(browser, await guarded.token())
        copied = dict(browser.cookies)
        out = await browser.post("/logout", data={"csrf": await csrf_of(browser)})
    async with guarded.browser() as thief:
        thief.cookies.update(copied)
        answer = await thief.get("/")

    assert out.headers["clear-site-data"] == '"cache"'
    assert answer.status_code == 303


async def test_nobody_logs_somebody_else_out() -> None:
    guarded = Guarded()
    async with guarded.browser() as browser:
        await log_in(browser, await guarded.token())
        forged = await browser.post("/logout", data={"csrf": "guessed"})
        by_link = await browser.get("/logout")
        page = await browser.get("/")

    assert (forged.status_code, by_link.status_code, page.status_code) == (403, 405, 200)


async def test_over_tls_the_cookie_is_bound_to_its_host_and_browsers_stay_there() -> None:
    secure, plain = Guarded(secure_cookies=True), Guarded(secure_cookies=False)
    async with secure.browser() as browser:
        over_tls = await browser.get("/login")
    async with plain.browser() as browser:
        over_http = await browser.get("/login")

    cookie = over_tls.headers["set-cookie"]
    assert cookie.startswith("__Host-")
    assert "path=/;" in cookie
    assert "domain" not in cookie.lower()
    assert over_tls.headers["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in over_http.headers


async def test_a_proxy_that_lets_a_second_name_through_is_not_believed() -> None:
    guarded = Guarded(proxy_header="X-Forwarded-User", trusted_proxies=["192.0.2.0/24"])
    names = [("X-Forwarded-User", "admin"), ("X-Forwarded-User", "ada")]
    async with guarded.browser(address="192.0.2.7") as proxy:
        answer = await proxy.get(API, headers=names)

    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        ("192.0.2.7", "203.0.113.5", "203.0.113.5"),
        ("192.0.2.7", "198.51.100.1, 203.0.113.5", "203.0.113.5"),
        ("192.0.2.7", "no address\r, <b>", "192.0.2.7"),
        ("192.0.2.7", "", "192.0.2.7"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("127.0.0.1", "192.0.2.7", "127.0.0.1"),
    ],
)
async def test_only_a_trusted_proxy_says_where_somebody_comes_from(
    peer: str, forwarded: str, seen: str
) -> None:
    guarded = Guarded(trusted_proxies=["192.0.2.0/24"])
    headers = {"authorization": f"Bearer {await guarded.token()}", "x-forwarded-for": forwarded}
    async with guarded.browser(address=peer) as visitor:
        await visitor.get(API, headers=headers)

    assert [look.address for look in guarded.log.looks] == [seen]


async def test_who_guesses_behind_a_proxy_holds_up_nobody_else() -> None:
    guarded = Guarded(login_attempts=1, trusted_proxies=["192.0.2.7"])
    async with guarded.browser(address="192.0.2.7") as proxy:
        proxy.headers["x-forwarded-for"] = "203.0.113.5"
        await log_in(proxy, "cdca_guessed")
        again = await log_in(proxy, "cdca_guessed")
        proxy.headers["x-forwarded-for"] = "203.0.113.6"
        other = await log_in(proxy, await guarded.token())

    assert (again.status_code, other.status_code) == (429, 303)


async def test_log_ins_are_in_the_log_and_what_was_tried_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="entrypoints.http")
    guarded = Guarded()
    secret = await guarded.token("ada")
    async with guarded.browser() as browser:
        await log_in(browser, "cdca_guessed\nforged line")
        await log_in(browser, secret)

    assert [record.getMessage() for record in caplog.records] == ["log-in refused", "logged in"]
    told = repr([vars(record) for record in caplog.records])
    assert "guessed" not in told
    assert secret not in told


@pytest.mark.parametrize("path", ["/", "/search?table=orders", API, "/login", f"{API}/9-9-9"])
async def test_browsers_and_proxies_keep_no_answer(path: str) -> None:
    guarded = Guarded()
    headers = {"authorization": f"Bearer {await guarded.token()}"}

    answer = await get(guarded.app, path, headers=headers)

    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PUT", "BREW"])
async def test_methods_that_nobody_needs_do_nothing(method: str) -> None:
    guarded = Guarded()
    headers = {"authorization": f"Bearer {await guarded.token()}"}

    answer = await get(guarded.app, API, headers=headers, method=method)

    assert answer.status_code == 405


async def test_a_form_that_has_no_end_is_refused() -> None:
    guarded = Guarded()
    async with guarded.browser() as browser:
        await csrf_of(browser)
        answer = await browser.post("/login", content=b"csrf=" + b"x" * 1_100_000)

    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/", API, "/login", "/static/page.css"])
async def test_an_answer_does_not_say_what_serves_it(path: str) -> None:
    endpoint = Endpoint(
        name="page", app=Guarded().app, host="127.0.0.1", port=0, setting="http.port"
    )
    async with serving([endpoint]) as (served,), httpx.AsyncClient(base_url=served.url) as client:
        answer = await client.get(path)

    assert "server" not in answer.headers
    assert "x-powered-by" not in answer.headers


async def test_whoever_is_on_this_machine_does_not_say_where_they_come_from() -> None:
    guarded = Guarded(proxy_header="X-Forwarded-User", trusted_proxies=["192.0.2.7"])
    endpoint = Endpoint(name="page", app=guarded.app, host="127.0.0.1", port=0, setting="http.port")
    headers = {"x-forwarded-for": "192.0.2.7", "x-forwarded-user": "admin"}
    async with serving([endpoint]) as (served,), httpx.AsyncClient(base_url=served.url) as client:
        answer = await client.get(API, headers=headers)

    assert answer.status_code == 401

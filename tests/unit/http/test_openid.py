"""People who log in with an OpenID Connect provider."""

import logging
from collections.abc import Generator

import httpx
import pytest

from adapters.embedded.ports import free_port
from domain.access import Role
from tests.servers.openid import openid_provider
from tests.unit.http.visitors import Guarded

ADA = {"sub": "ada", "email": "ada@example.org", "groups": ["staff", "auditors", "on-call"]}
BOB = {"sub": "bob", "email": "bob@example.org", "groups": ["staff"]}


@pytest.fixture(scope="module")
def issuer() -> Generator[str]:
    with openid_provider(ADA, BOB) as issuer:
        yield issuer


@pytest.fixture
def guarded(issuer: str) -> Guarded:
    return guarded_by(issuer)


def guarded_by(issuer: str) -> Guarded:
    return Guarded(
        oidc_issuer=issuer,
        oidc_client_id="cdc-audit",
        oidc_client_secret="only-for-tests",  # noqa: S106 - a provider that takes any
        oidc_roles={"auditors": Role.READER, "on-call": Role.OPERATOR},
    )


async def come_back(browser: httpx.AsyncClient, person: str, *, target: str) -> httpx.Response:
    """Go to the provider, log in there, and follow it back."""
    leaving = await browser.get("/login/oidc", params={"next": target})
    async with httpx.AsyncClient() as elsewhere:
        there = await elsewhere.post(leaving.headers["location"], data={"sub": person})
    return await browser.get(there.headers["location"])


async def test_who_has_a_role_comes_back_logged_in(guarded: Guarded) -> None:
    async with guarded.browser() as browser:
        back = await come_back(browser, "ada", target="/?table=orders")
        page = await browser.get("/?table=orders")

    assert (back.status_code, back.headers["location"]) == (303, "/?table=orders")
    assert page.status_code == 200
    assert [(look.who, look.via) for look in guarded.log.looks] == [("ada@example.org", "oidc")]


async def test_who_has_no_role_is_told_so(guarded: Guarded) -> None:
    async with guarded.browser() as browser:
        back = await come_back(browser, "bob", target="/")
        page = await browser.get("/")

    assert back.status_code == 401
    assert "access.oidc_roles" in back.text
    assert page.status_code == 303


async def test_an_answer_that_nobody_asked_for_opens_nothing(guarded: Guarded) -> None:
    async with guarded.browser() as browser:
        answer = await browser.get("/login/oidc/callback?code=abc&state=forged")
        page = await browser.get("/")

    assert answer.status_code == 401
    assert page.status_code == 303


async def test_a_token_that_was_made_for_another_log_in_opens_nothing(guarded: Guarded) -> None:
    async with guarded.browser() as browser, httpx.AsyncClient() as elsewhere:
        leaving = httpx.URL((await browser.get("/login/oidc")).headers["location"])
        replayed = leaving.copy_set_param("nonce", "of-another-log-in")
        there = await elsewhere.post(replayed, data={"sub": "ada"})
        back = await browser.get(there.headers["location"])
        page = await browser.get("/")

    assert (back.status_code, page.status_code) == (401, 303)
    assert "cannot be relied on" in back.text


async def test_the_form_offers_the_provider(guarded: Guarded) -> None:
    async with guarded.browser() as browser:
        form = await browser.get("/login?next=/%3Ftable%3Dorders")

    assert '/login/oidc?next=/%3Ftable%3Dorders"' in form.text


async def test_a_provider_that_is_away_is_said_to_be_so_and_a_token_still_works(
    caplog: pytest.LogCaptureFixture,
) -> None:
    guarded = guarded_by(f"http://127.0.0.1:{free_port()}")
    async with guarded.browser() as browser:
        with caplog.at_level(logging.WARNING):
            answer = await browser.get("/login/oidc?next=/gaps")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert "Your organisation&#39;s log-in does not answer" in answer.text
    assert '<input type="hidden" name="next" value="/gaps">' in answer.text
    (line,) = [one for one in caplog.records if "OpenID" in one.message]
    assert "ConnectError" in str(vars(line)["error"])


async def test_what_is_no_provider_is_not_taken_for_one(issuer: str) -> None:
    async with guarded_by(f"{issuer}/nothing").browser() as browser:
        answer = await browser.get("/login/oidc")

    assert answer.status_code == 503


async def test_a_provider_that_goes_away_meanwhile_opens_nothing() -> None:
    with openid_provider(ADA) as issuer:
        guarded = guarded_by(issuer)
        async with guarded.browser() as browser, httpx.AsyncClient() as elsewhere:
            leaving = await browser.get("/login/oidc")
            there = await elsewhere.post(leaving.headers["location"], data={"sub": "ada"})
            back = there.headers["location"]
    async with guarded.browser() as again:
        again.cookies.update(browser.cookies)
        answer = await again.get(back)
        page = await again.get("/")

    assert (answer.status_code, page.status_code) == (503, 303)

"""Whoever may see some tables sees these, on every page, and no sign of the others."""

import pytest

from domain.access import Role
from tests.builders import NOON
from tests.unit.http.html_reading import read_html
from tests.unit.http.troubled_shop import a_troubled_shop
from tests.unit.http.visitors import Guarded, log_in

PAGES = (
    "/",
    "/search?text=a",
    "/transactions?id=771",
    "/statistics",
    "/overview",
    "/facets",
    "/health",
    "/gaps",
    "/quarantine",
    "/rows?table=reviews&key=2",
    "/diff?table=reviews&earlier=2023-01-01&later=2024-01-01",
    "/changes/5-0-0",
)


@pytest.mark.parametrize("path", PAGES)
async def test_other_tables_are_not_there(path: str) -> None:
    guarded = Guarded(trail=a_troubled_shop(now=NOON, hours=2))
    _, secret = await guarded.access.tokens.create("on-call", Role.READER, tables=["reviews"])
    async with guarded.browser() as browser:
        await log_in(browser, secret)

        answer = await browser.get(path)

    page = read_html(answer.text)
    main = " ".join(part.text for part in page.all("main") or [page])
    assert answer.status_code == 200
    assert [
        t for t in ("orders", "order_items", "customers", "carts", "payments") if t in main
    ] == []


@pytest.mark.parametrize(
    "path",
    [
        "/changes/3-0-1",
        "/changes/3-0-1/put-back",
        "/rows?table=orders&key=7",
        "/diff?table=orders&key=7&earlier=2023-01-01&later=2024-01-01",
        "/diff?table=orders&earlier=2023-01-01&later=2024-01-01",
        "/gaps/1",
        "/quarantine/1",
    ],
)
async def test_what_is_of_another_table_is_not_found(path: str) -> None:
    guarded = Guarded(trail=a_troubled_shop(now=NOON, hours=2))
    _, secret = await guarded.access.tokens.create("on-call", Role.READER, tables=["reviews"])
    async with guarded.browser() as browser:
        await log_in(browser, secret)

        answer = await browser.get(path)

    assert answer.status_code == 404


async def test_a_transaction_is_not_put_back_by_whoever_sees_a_part_of_it() -> None:
    guarded = Guarded(trail=a_troubled_shop(now=NOON, hours=2))
    _, secret = await guarded.access.tokens.create("on-call", Role.READER, tables=["reviews"])
    async with guarded.browser() as browser:
        await log_in(browser, secret)

        page = await browser.get("/changes/5-0-0/put-back")
        refused = await browser.get("/changes/5-0-0/put-back?what=transaction")

    assert "what=transaction" not in page.text
    assert refused.status_code == 403

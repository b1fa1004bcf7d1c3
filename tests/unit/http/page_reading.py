"""Asks for pages over a trail in memory, and reads what people would see."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.types import ASGIApp

from adapters.memory.quarantine import MemoryQuarantine
from entrypoints.http.page_app import page_app
from entrypoints.http.page_times import moment
from tests.builders import NOON
from tests.unit.http.html_reading import Element, read_html
from tests.unit.http.page_data import PageTrail
from tests.unit.http.requests import get


def app_over(trail: PageTrail, *, now: int = NOON, **options: Any) -> ASGIApp:  # noqa: ANN401 - any option
    """The page over `trail`, looked at at `now`."""

    def clock() -> datetime:
        return moment(now)

    quarantine = MemoryQuarantine(trail.memory, clock=lambda: now)
    site = msgspec.structs.replace(trail.site(), quarantine=quarantine)
    return page_app(site, clock=clock, **options)


async def page_of(
    trail: PageTrail, path: str = "/", *, status: int = 200, **filters: str
) -> Element:
    """Ask for a page that must answer with `status`, and read it."""
    url = f"{path}?{urlencode(filters)}" if filters else path
    answer = await get(app_over(trail), url)
    assert answer.status_code == status, answer.text
    return read_html(answer.text)


def rows(page: Element) -> Sequence[Element]:
    """The lines of a list."""
    return page.one("tbody", id="rows").all("tr")


def cells(row: Element) -> Mapping[str, str]:
    """The texts of a line, by the class of the cell."""
    return {cell.classes[0]: cell.text for cell in row.all("td")}


def shown_tables(page: Element) -> Sequence[str]:
    """The tables of the lines of a list, without the schema."""
    return [cells(row)["table"].rpartition(".")[2] for row in rows(page)]


def columns(page: Element) -> Mapping[str, tuple[str, str, str]]:
    """Column to status, old and new side of an opened change, as texts."""
    return {
        row.one(of_class="name").text: (
            row.one(of_class="word").text,
            _side(row.one("td", of_class="old")),
            _side(row.one("td", of_class="new")),
        )
        for row in page.one("table", of_class="diff").one("tbody").all("tr")
    }


def _side(cell: Element) -> str:
    """What stands in a cell, without the word that phones have for the column's head."""
    return cell.text.removeprefix("Before").removeprefix("After").strip()


async def opened(**fields: Any) -> Element:  # noqa: ANN401 - any field
    """Open the only change of a trail."""
    trail = PageTrail()
    stored = trail.add(**fields)
    return await page_of(trail, f"/changes/{stored.id}")

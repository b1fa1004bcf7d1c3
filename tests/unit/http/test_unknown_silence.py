"""A trail so large that a week of it is not added up: page and API say so, and tell the rest."""

from collections.abc import Sequence

import msgspec
import pytest
from starlette.types import ASGIApp

from adapters.memory.missing_parts import MemoryTrailHealthReader
from adapters.memory.trail_readers import memory_readers
from application.trail_facts import Activity
from domain.errors import QueryTooWideError
from entrypoints.http.page_app import page_app
from entrypoints.http.page_times import moment
from entrypoints.http.site import trail_site
from tests.builders import NOON
from tests.unit.http.html_reading import read_html
from tests.unit.http.requests import get
from tests.unit.http.troubled_shop import a_troubled_shop


class BusyTrail(MemoryTrailHealthReader):
    """A trail too large for its database to add up a week of it."""

    async def activity(self, since: int, until: int) -> Sequence[Activity]:
        """Give up."""
        raise QueryTooWideError(10, looked_at=f"{until - since} microseconds")


def app_over_a_shop(*, is_busy: bool) -> ASGIApp:
    trail = a_troubled_shop(now=NOON, hours=2)
    readers = memory_readers(trail.memory)
    if is_busy:
        readers = msgspec.structs.replace(readers, health=BusyTrail(trail.memory))
    return page_app(trail_site(readers), clock=lambda: moment(NOON))


@pytest.mark.parametrize("is_busy", [True, False])
async def test_the_api_says_whether_silence_is_known(*, is_busy: bool) -> None:
    answer = await get(app_over_a_shop(is_busy=is_busy), "/api/v1/health")

    told = msgspec.json.decode(answer.content)
    assert told["is_silence_known"] is not is_busy
    assert told["accounting"] != []


@pytest.mark.parametrize("is_busy", [True, False])
async def test_the_page_says_where_silence_is_not_known(*, is_busy: bool) -> None:
    answer = await get(app_over_a_shop(is_busy=is_busy), "/health")

    page = read_html(answer.text)
    assert len(page.all("p", id="no-silence")) == int(is_busy)
    assert page.all(id="fates")

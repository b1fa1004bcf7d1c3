"""Server-Sent Events over real sockets: what is committed arrives, once, whoever interrupts."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import httpx
import msgspec
import pytest
from starlette.types import ASGIApp

from application.query_trail import QueryTrail
from application.trail_query import Cursor, TrailQuery
from entrypoints.http.events_stream import LiveChanges, event
from entrypoints.http.page_app import page_app
from entrypoints.http.serving import Endpoint, serving
from tests.processes import PATIENCE
from tests.unit.http.html_reading import read_html
from tests.unit.http.page_data import PageTrail, UnsteadyReader, an_insert

API = "/api/v1/changes/stream"
PAGE = "/changes/stream"

Event = Mapping[str, str]


class Follower:
    """Reads events from an open stream, one by one."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = _lines(answer)

    async def block(self) -> Event:
        """The next block of lines: an event or a comment, by name of the field."""
        fields: dict[str, str] = {}
        async for line in self._lines:
            if not line and fields:
                return fields
            name, _, value = line.partition(":")
            fields[name] = fields[name] + "\n" + value[1:] if name in fields else value[1:]
        return fields

    async def change(self) -> Event:
        """The next change."""
        while (block := await self.block()).get("event") != "change":
            assert block, "the stream has ended"
        return block


async def _lines(answer: httpx.Response) -> AsyncGenerator[str]:
    """The lines of a stream. As its format has it, U+2028 and the like end none."""
    rest = ""
    async for part in answer.aiter_text():
        *lines, rest = (rest + part).split("\n")
        for line in lines:
            yield line


@asynccontextmanager
async def followed(
    app: ASGIApp,
    path: str = API,
    *,
    closing: asyncio.Event | None = None,
    headers: Mapping[str, str] | None = None,
) -> AsyncGenerator[Follower]:
    """Open a stream, up to its first event, which only tells the cursor."""
    endpoint = Endpoint(
        name="page", app=app, host="127.0.0.1", port=0, setting="http.port", closing=closing
    )
    async with (
        asyncio.timeout(PATIENCE),
        serving([endpoint]) as (served,),
        httpx.AsyncClient(base_url=served.url, timeout=30) as client,
        client.stream("GET", path, headers=headers) as answer,
    ):
        assert answer.status_code == 200
        follower = Follower(answer)
        assert "id" in await follower.block()
        yield follower


def live(trail: PageTrail, *, closing: asyncio.Event | None = None) -> ASGIApp:
    """The page, looking for new changes all the time."""
    return page_app(trail.site(), closing=closing)


async def test_a_change_arrives_after_it_was_committed() -> None:
    trail = PageTrail()
    trail.add()

    async with followed(live(trail)) as follower:
        committed = trail.add(record_key='{"id":7}')
        arrived = await follower.change()

    change = msgspec.json.decode(arrived["data"])
    assert change["id"] == committed.id
    assert change["key"] == {"id": 7}
    assert arrived["id"] == "1:0-2"
    assert follower.answer.headers["Content-Type"].startswith("text/event-stream")
    assert follower.answer.headers["Cache-Control"] == "no-store"
    assert follower.answer.headers["X-Accel-Buffering"] == "no"


async def test_the_page_gets_lines_of_its_list() -> None:
    trail = PageTrail()

    async with followed(live(trail), PAGE) as follower:
        committed = trail.add(change_user="<b>ada</b>")
        arrived = await follower.change()

    (row,) = read_html(arrived["data"]).all("tr")
    assert row.attributes["id"] == f"c-{committed.id}"
    assert row.one(of_class="user").text == "<b>ada</b>"


@pytest.mark.parametrize("how", ["Last-Event-ID", "after"])
async def test_a_reader_goes_on_where_it_was_with_none_missing_and_none_twice(how: str) -> None:
    trail = PageTrail()
    missed = [trail.add(partition=n % 2).id for n in range(6)]
    cursor = "1:0-1,1-2"
    path, headers = (
        (API, {how: cursor}) if how == "Last-Event-ID" else (f"{API}?after={cursor}", {})
    )

    async with followed(live(trail), path, headers=headers) as follower:
        arrived = [msgspec.json.decode((await follower.change())["data"])["id"] for _ in range(3)]
        new = trail.add()
        last = msgspec.json.decode((await follower.change())["data"])["id"]

    assert sorted(arrived) == sorted(set(missed) - {"1-0-0", "1-1-0", "1-1-1"})
    assert last == new.id


async def test_the_header_of_a_browser_that_comes_back_wins_over_the_address() -> None:
    trail = PageTrail()
    ids = [trail.add().id for _ in range(3)]

    async with followed(
        live(trail), f"{API}?after=1:0-0", headers={"Last-Event-ID": "1:0-2"}
    ) as follower:
        arrived = await follower.change()

    assert msgspec.json.decode(arrived["data"])["id"] == ids[2]


async def test_the_cursor_of_each_event_leads_to_the_next_one() -> None:
    trail = PageTrail()
    ids = [trail.add(partition=n % 3).id for n in range(9)]
    cursor, seen = "1:0-0,1-0,2-0", list[str]()

    while len(seen) < len(ids):
        async with followed(live(trail), headers={"Last-Event-ID": cursor}) as follower:
            arrived = await follower.change()
        cursor = arrived["id"]
        seen.append(msgspec.json.decode(arrived["data"])["id"])

    assert sorted(seen) == sorted(ids)


async def test_a_stream_is_filtered_and_its_cursor_moves_all_the_same() -> None:
    trail = PageTrail()

    async with followed(live(trail), f"{API}?table=carts") as follower:
        trail.add(table="orders")
        moved = await follower.block()
        trail.add(table="carts")
        arrived = await follower.change()

    assert moved == {"id": "1:0-1"}
    assert msgspec.json.decode(arrived["data"])["table"]["name"] == "carts"


async def test_line_separators_in_values_keep_the_json_whole() -> None:
    text = "a\u2028b\u2029c\x85d"
    trail = PageTrail()

    async with followed(live(trail)) as follower:
        trail.add(**an_insert(new_data=msgspec.json.encode({"note": text}).decode()))
        arrived = await follower.change()

    assert msgspec.json.decode(arrived["data"])["new"] == {"note": text}


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\rb"])
def test_every_kind_of_line_end_begins_a_new_line_of_data(text: str) -> None:
    assert event(text, Cursor(((1, 0, 2),))) == b"id: 1:0-2\nevent: change\ndata: a\ndata: b\n\n"


async def test_a_trail_that_goes_away_and_comes_back_loses_no_change() -> None:
    trail = PageTrail()
    reader = UnsteadyReader(trail.memory)

    async with followed(page_app(trail.site(reader))) as follower:
        reader.is_away = True
        said = await follower.block()
        reader.is_away = False
        committed = trail.add()
        arrived = await follower.change()

    assert said == {"": "the trail cannot be read now"}
    assert msgspec.json.decode(arrived["data"])["id"] == committed.id


async def test_comments_come_while_nothing_happens() -> None:
    trail = PageTrail()
    changes = LiveChanges(
        QueryTrail(trail.reader, interval=60), asyncio.Event(), heartbeat=0.01
    ).response(Cursor(), TrailQuery(), lambda stored: stored.id)

    parts = aiter(changes.body_iterator)
    said = [await anext(parts), await anext(parts), await anext(parts)]
    await parts.aclose()  # type: ignore[attr-defined] # a generator, behind the declared iterable

    assert said[1:] == [b": nothing new\n\n"] * 2


async def test_streams_end_when_the_server_is_about_to_stop() -> None:
    closing = asyncio.Event()

    async with followed(live(PageTrail(), closing=closing), closing=closing) as follower:
        closing.set()
        rest = await follower.block()

    assert rest == {}

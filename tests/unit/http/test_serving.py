"""Several servers in one loop: started together, stopped together."""

import asyncio
import signal
import socket
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from domain.errors import ConfigurationError
from entrypoints.http.serving import Endpoint, Served, serve, serving

LOOPBACK = "127.0.0.1"


def says(text: str) -> Starlette:
    async def answer(_: Request) -> PlainTextResponse:
        return PlainTextResponse(text)

    return Starlette(routes=[Route("/", answer)])


def an_endpoint(name: str = "metrics", **fields: Any) -> Endpoint:  # noqa: ANN401 - any field
    defaults: dict[str, Any] = {
        "app": says(name),
        "host": LOOPBACK,
        "port": 0,
        "setting": f"monitoring.{name}",
    }
    return Endpoint(name=name, **{**defaults, **fields})


async def get(served: Served) -> str:
    async with httpx.AsyncClient() as client:
        return (await client.get(served.url)).text


async def test_every_endpoint_answers_on_a_port_of_its_own() -> None:
    async with serving([an_endpoint("metrics"), an_endpoint("health")]) as served:
        answers = [await get(one) for one in served]

    assert answers == ["metrics", "health"]
    assert len({one.port for one in served}) == 2


async def test_nothing_answers_after_leaving() -> None:
    async with serving([an_endpoint()]) as (served,):
        pass

    with pytest.raises(httpx.ConnectError):
        await get(served)


async def test_a_taken_port_names_its_setting_and_starts_nothing() -> None:
    with socket.socket() as taken, socket.socket() as free:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        free.bind((LOOPBACK, 0))
        port, other = taken.getsockname()[1], free.getsockname()[1]
        free.close()
        endpoints = [an_endpoint("health", port=other), an_endpoint("page", port=port)]

        with pytest.raises(ConfigurationError, match=rf"monitoring\.page: .*:{port} is taken"):
            async with serving(endpoints):
                pytest.fail("it was served")

    with pytest.raises(httpx.ConnectError):
        await get(Served("health", LOOPBACK, other))


async def test_a_host_that_is_not_ours_names_its_setting() -> None:
    with pytest.raises(ConfigurationError, match=r"192\.0\.2\.1 is not an address of this machine"):
        async with serving([an_endpoint(host="192.0.2.1")]):
            pytest.fail("it was served")


async def test_a_host_that_nobody_knows_names_its_setting() -> None:
    with pytest.raises(ConfigurationError, match=r"the host `nowhere\.invalid` is not known"):
        async with serving([an_endpoint(host="nowhere.invalid")]):
            pytest.fail("it was served")


async def test_the_same_port_can_be_served_again_at_once() -> None:
    async with serving([an_endpoint()]) as (first,):
        await get(first)

    async with serving([an_endpoint(port=first.port)]) as (second,):
        answer = await get(second)

    assert answer == "metrics"
    assert second.port == first.port


async def test_signals_stay_with_the_program() -> None:
    before = signal.getsignal(signal.SIGTERM)

    async with serving([an_endpoint()]):
        during = signal.getsignal(signal.SIGTERM)

    assert during is before


async def test_a_stream_ends_by_itself_when_the_server_stops() -> None:
    closing = asyncio.Event()

    async def words() -> AsyncGenerator[str]:
        yield "first "
        await closing.wait()
        yield "last"

    async def stream(_: Request) -> StreamingResponse:
        return StreamingResponse(words())

    app = Starlette(routes=[Route("/", stream)])
    stopping = asyncio.Event()
    read: list[str] = []

    async def follow(served: Served) -> None:
        async with httpx.AsyncClient() as client, client.stream("GET", served.url) as answer:
            async for part in answer.aiter_text():
                read.append(part)
                stopping.set()

    async with serving([an_endpoint(app=app, closing=closing)]) as (served,):
        follower = asyncio.create_task(follow(served))
        await stopping.wait()
    await follower

    assert "".join(read) == "first last"


async def test_serve_runs_until_it_is_told_to_stop() -> None:
    stop = asyncio.Event()
    started: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    task = asyncio.create_task(serve([an_endpoint()], stop, started=started))
    (served,) = await started
    answer = await get(served)
    stop.set()
    await task

    assert answer == "metrics"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8080"),  # noqa: S104 - nothing is bound
        ("::", "http://[::1]:8080"),
        ("::1", "http://[::1]:8080"),
        ("192.0.2.7", "http://192.0.2.7:8080"),
    ],
)
def test_the_url_is_one_that_a_browser_here_can_open(host: str, url: str) -> None:
    assert Served("page", host, 8080).url == url

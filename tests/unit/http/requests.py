"""Asks an application over HTTP, without a socket."""

import httpx
from starlette.types import ASGIApp


async def get(
    app: ASGIApp, path: str, *, accept: str = "*/*", method: str = "GET"
) -> httpx.Response:
    """Ask `app` for `path`."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.request(method, path, headers={"accept": accept})

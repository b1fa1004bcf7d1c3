"""Asks an application over HTTP, without a socket."""

from collections.abc import Mapping

import httpx
from starlette.types import ASGIApp


async def get(
    app: ASGIApp,
    path: str,
    *,
    accept: str = "*/*",
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    """Ask `app` for `path`."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    sent = {"accept": accept, **(headers or {})}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.request(method, path, headers=sent)

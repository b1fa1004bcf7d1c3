"""Headers of every answer, and the check that a request names a host that is ours."""

import re
from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_TLS_ONLY = "max-age=31536000"
_HOST = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_ANY = "*"


class SecurityHeaders:
    """Adds the security headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the headers to what comes back."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-cache")  # ask whether a file is still so
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


class TlsOnly:
    """Tells browsers to come over TLS from now on. They heed it where they came so."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the header to what comes back."""

        async def with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Strict-Transport-Security"] = _TLS_ONLY
            await send(message)

        await self._app(scope, receive, with_header if scope["type"] == "http" else send)


class OwnHosts:
    """
    Refuses requests that name a foreign host.

    Otherwise any web site could read a loopback page through a name of its own that resolves to
    127.0.0.1 (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, *, allowed: Sequence[str]) -> None:
        self._app = app
        self._allowed = _LOOPBACK | {host.lower() for host in allowed}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        host = _without_port(Headers(scope=scope).get("host", ""))
        is_ours = _ANY in self._allowed or host in self._allowed or host.endswith(".localhost")
        if is_ours and _HOST.fullmatch(host):
            await self._app(scope, receive, send)
            return
        refusal = PlainTextResponse(
            f"This page is not served as `{host[:100]}`. If it should be, add the name to the "
            f"setting http.allowed_hosts.\n",
            status_code=421,
        )
        await refusal(scope, receive, send)


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()

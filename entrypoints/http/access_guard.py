"""
The guard before page and API: who is it, may they, and was it written down?

    request ──▶ session ──▶ Identities ──▶ forged? ──▶ application ──▶ access log ──▶ answer
                               └──▶ 401, or the log-in page

An answer leaves only after the look is in the access log: what cannot be written down is not shown.
A stream goes on only while its reader may look.

Paths are those of the request line. A URL put together with the header Host may have another.
"""

import contextlib
import hmac
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from application.access_log import AccessLog, Look
from domain.access import Principal
from domain.errors import RepositoryError
from entrypoints.http.identities import SESSION_CSRF, Identities
from entrypoints.http.stream_rights import StreamRights

logger = logging.getLogger(__name__)

Refuse = Callable[[Request, Exception], Awaitable[Response]]
"""Makes the answer that says why a request was refused."""

_OPEN = frozenset({"/login", "/login/oidc", "/login/oidc/callback", "/logout"})
_STATIC = "/static/"
_NO_LOOK = frozenset({"/status", "/api/v1/openapi.json"})
_EVENTS = b"text/event-stream"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST_FORM = 1_000_000


class SignInNeededError(Exception):
    """Nobody is known to have sent the request."""


class ForgedRequestError(Exception):
    """Another site may have sent the request from somebody's browser."""


class _BrokenOffError(Exception):
    """The answer must not leave, or not go on."""


class AccessGuard:
    """
    Lets requests through whose sender is known, and writes down what they look at.

    It belongs inside `SessionMiddleware`. Handlers find the sender in ``request.state.principal``,
    and tell how many rows they answer with (see `looks`).

    Args:
        app: What is guarded.
        identities: Finds out who sends a request.
        log: Where looks are written down.
        refuse: Makes the answer for a request that is refused.
        clock: A monotonic clock, in seconds.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        identities: Identities,
        log: AccessLog,
        refuse: Refuse,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._identities = identities
        self._log = log
        self._refuse = refuse
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith(_STATIC) and scope["method"] in _SAFE:
            await self._app(scope, receive, send)  # the same for everybody: nobody is looked up
            return
        request = Request(scope, receive)
        try:
            principal = await self._identities.of(request)
            receive = await _not_forged(request, receive)
        except (RepositoryError, ForgedRequestError) as error:
            await (await self._refuse(request, error))(scope, receive, send)
            return
        scope.setdefault("state", {})["principal"] = principal
        path = scope["path"]
        if path in _OPEN:
            await self._app(scope, receive, send)
        elif principal is None:
            await (await self._sign_in(request))(scope, receive, send)
        elif path in _NO_LOOK:
            await self._app(scope, receive, send)
        else:
            await self._watched(request, receive, send)

    async def _sign_in(self, request: Request) -> Response:
        path = request.scope["path"]
        if path.startswith("/api/") or request.method not in _SAFE:
            return await self._refuse(request, SignInNeededError())
        target = path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?next={quote(target, safe='')}", status_code=303)

    async def _watched(self, request: Request, receive: Receive, send: Send) -> None:
        """Answer; it begins to leave when the look is written down, and goes on while it may."""
        state = request.scope["state"]
        rights = StreamRights(request, self._identities, clock=self._clock)
        began: Message = {}

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                began.update(message)
                await self._write_down(request, message["status"], receive, send)
            elif state.get("streamed") and not await rights.hold():
                if _is_of_events(began):  # others must not look as if they were whole
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                raise _BrokenOffError
            await send(message)

        with contextlib.suppress(_BrokenOffError):
            await self._app(request.scope, receive, watched)
        if began and state.get("streamed"):
            await self._note_end(self._look(request, began["status"], at_end=True))

    async def _write_down(
        self, request: Request, status: int, receive: Receive, send: Send
    ) -> None:
        try:
            await self._log.write(self._look(request, status))
        except RepositoryError as error:
            logger.warning("a look could not be written down", extra={"error": str(error)})
            request.scope["state"]["streamed"] = False
            await (await self._refuse(request, error))(request.scope, receive, send)
            raise _BrokenOffError from error

    async def _note_end(self, look: Look) -> None:
        try:
            await self._log.write(look)
        except RepositoryError as error:
            logger.warning(
                "the end of a look could not be written down", extra={"error": str(error)}
            )

    def _look(self, request: Request, status: int, *, at_end: bool = False) -> Look:
        state = request.scope["state"]
        principal: Principal = state["principal"]
        return Look(
            who=principal.name,
            via=principal.via,
            address=self._identities.address(request),
            action=f"{request.method} {request.scope['path']}" + (" (end)" if at_end else ""),
            query=request.url.query,
            status=status,
            row_count=None if state.get("streamed") and not at_end else state.get("row_count"),
        )


async def _not_forged(request: Request, receive: Receive) -> Receive:
    """
    Check a request that changes something; gives what its body can be received from again.

    Raises:
        ForgedRequestError: It does not carry the secret of the session that it comes with.
    """
    if request.method in _SAFE or "authorization" in request.headers:
        return receive
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site not in {"same-origin", "none"}:
        raise ForgedRequestError
    if _is_program(request):
        return receive
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_FORM:
            raise ForgedRequestError
    expected = str(request.session.get(SESSION_CSRF, ""))
    form = parse_qs(body.decode("utf-8", "replace"))
    given = request.headers.get("x-csrf-token") or form.get("csrf", [""])[0]
    if not expected or not hmac.compare_digest(expected.encode(), given.encode()):
        raise ForgedRequestError
    return _again(body, receive)


def _is_program(request: Request) -> bool:
    """
    Whether the request speaks to the API in JSON.

    No form of another site can: a script there would have to ask first (CORS), and is refused.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return request.scope["path"].startswith("/api/") and kind == "application/json"


def _again(body: bytes, receive: Receive) -> Receive:
    is_given = False

    async def received() -> MutableMapping[str, Any]:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return received


def _is_of_events(began: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(_EVENTS)
        for name, value in began.get("headers", ())
    )

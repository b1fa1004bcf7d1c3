"""
One operation of `/api/v1`: the routes, the checks and the description are all made from these.

    request ──▶ role? ──▶ parameters? ──▶ the trail as far as its sender may see it ──▶ handle
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.access import NotAllowedError, Principal, Role
from entrypoints.http.api_arguments import Arguments
from entrypoints.http.api_parameters import BadParameterError
from entrypoints.http.events_stream import LiveChanges
from entrypoints.http.site import TrailSite

LONGEST_BODY = 100_000
"""Bytes that a request may send."""


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """
    A parameter of an operation.

    Attributes:
        name: Its name.
        about: What it is, for the description.
        schema: Its JSON Schema.
        required: Whether the operation needs it.
    """

    name: str
    about: str
    schema: Mapping[str, Any]
    required: bool = False


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """
    A request that passed the checks.

    Attributes:
        request: The request.
        principal: Who sent it.
        site: The trail, as far as they may see it: handlers know no other.
        live: Streams of its changes.
        arguments: The parameters that were given.
        body: What was sent; None where the operation takes nothing.
    """

    request: Request
    principal: Principal
    site: TrailSite
    live: LiveChanges
    arguments: Arguments
    body: Any = None


Handle = Callable[[Asked], Awaitable[Response]]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """
    An operation.

    Attributes:
        name: Its name: the `operationId`.
        path: Below `/api/v1`.
        about: What it gives, in one sentence.
        handle: Answers.
        gives: The struct of its answer; None where it is no JSON.
        media: Media types of its answer.
        method: HTTP's method.
        parameters: In the order of the description.
        body: The struct of what is sent.
        role: Who may.
        problems: Statuses of its problems, beyond those that all operations may have.
        is_immutable: Whether its answer never changes, and has a tag.
    """

    name: str
    path: str
    about: str
    handle: Handle
    gives: type[msgspec.Struct] | None
    media: Sequence[str] = ("application/json",)
    method: str = "GET"
    parameters: Sequence[Parameter] = ()
    body: type[msgspec.Struct] | None = None
    role: Role = Role.READER
    problems: Sequence[int] = ()
    is_immutable: bool = False


def route_of(operation: Operation, site: TrailSite, live: LiveChanges) -> Route:
    """The route that checks a request, and lets the operation answer it."""
    names = tuple(parameter.name for parameter in operation.parameters)

    async def endpoint(request: Request) -> Response:
        principal: Principal = request.state.principal
        if not principal.role.includes(operation.role):
            raise NotAllowedError(
                f"{principal.name} is {principal.role}: this needs the role {operation.role}. "
                f"`cdc-audit token create NAME --role {operation.role}` makes a token for it."
            )
        arguments = Arguments(request.query_params.multi_items(), names)
        seen = site.seen_by(principal.tables)
        return await operation.handle(
            Asked(
                request=request,
                principal=principal,
                site=seen,
                live=live.over(seen.questions.trail),
                arguments=arguments,
                body=None if operation.body is None else await body_of(request, operation.body),
            )
        )

    return Route(operation.path, endpoint, methods=[operation.method], name=operation.name)


async def body_of(request: Request, kind: type[msgspec.Struct]) -> msgspec.Struct:
    """
    Read what was sent.

    Raises:
        HTTPException: It is no JSON, or too much.
        BadParameterError: It is not what it must be.
    """
    kind_sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind_sent != "application/json":
        raise HTTPException(415, "send JSON, with `Content-Type: application/json`.")
    sent = b""
    async for chunk in request.stream():
        sent += chunk
        if len(sent) > LONGEST_BODY:
            raise HTTPException(413, f"send at most {LONGEST_BODY} bytes.")
    try:
        return msgspec.json.decode(sent, type=kind)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadParameterError("body", f"{error}.") from error

"""Errors of `/api/v1` as problem details (RFC 9457), and the same sentences for the page."""

from collections.abc import Mapping, Sequence

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from domain.access import NotAllowedError
from domain.errors import (
    QueryTooWideError,
    RepositoryError,
    SchemaRegistryUnavailableError,
    SourceUnavailableError,
    TransformerUnavailableError,
)
from entrypoints.http.access_guard import ForgedRequestError, SignInNeededError
from entrypoints.http.api_parameters import BadParameterError
from entrypoints.http.api_structs import Problem

UNAUTHORIZED = 401
FORBIDDEN = 403
UNPROCESSABLE = 422
NOT_FOUND = 404
CONFLICT = 409
UNAVAILABLE = 503

_TITLES = {
    400: "Bad request",
    UNAUTHORIZED: "Log in first",
    FORBIDDEN: "Not allowed",
    NOT_FOUND: "Not found",
    405: "Method not allowed",
    CONFLICT: "Not as things are",
    413: "Too much was sent",
    415: "Not this kind of body",
    UNPROCESSABLE: "A parameter is wrong",
    500: "Internal error",
    UNAVAILABLE: "The trail cannot be read now",
}


AWAY: Sequence[type[Exception]] = (
    SchemaRegistryUnavailableError,
    SourceUnavailableError,
    TransformerUnavailableError,
)
"""What a retry may need, and may not have now."""

_REFUSALS: Mapping[type[Exception], tuple[int, str | None]] = {
    RepositoryError: (UNAVAILABLE, None),
    **dict.fromkeys(AWAY, (UNAVAILABLE, None)),
    NotAllowedError: (FORBIDDEN, None),
    SignInNeededError: (
        UNAUTHORIZED,
        "send `Authorization: Bearer TOKEN`. `cdc-audit token create NAME` makes a token.",
    ),
    ForgedRequestError: (
        FORBIDDEN,
        "the request lacks your session's secret. Load the page again, and repeat what you did.",
    ),
}


class NoSuchChangeError(HTTPException):
    """Nothing lies at an id, or nothing that its reader may see."""

    def __init__(self, text: str) -> None:
        super().__init__(
            NOT_FOUND,
            f"the trail has no change {text[:60]}. An id is stream-partition-offset, as in "
            f"1-0-4711; a record that was no change, or was quarantined, has none.",
        )


def problem_of(error: Exception) -> Problem:
    """Say what happened, and what to do, without inner details of unexpected errors."""
    if isinstance(error, BadParameterError):
        return _problem(UNPROCESSABLE, str(error), field=error.field)
    if isinstance(error, HTTPException):
        return _problem(error.status_code, error.detail)
    for kind, (status, words) in _REFUSALS.items():
        if isinstance(error, kind):
            return _problem(status, words or str(error))
    return _problem(500, "Something went wrong on our side; the service's log says what.")


def no_such_change(text: str) -> Problem:
    """Nothing lies at the id `text`."""
    return problem_of(NoSuchChangeError(text))


def problem_response(problem: Problem, error: Exception | None = None) -> Response:
    """The problem as an answer of the API, with the headers that `error` asks for."""
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, HTTPException):
        headers.update(error.headers or {})
    # A question that is too wide will be so later, too.
    if problem.status == UNAVAILABLE and not isinstance(error, QueryTooWideError):
        headers["Retry-After"] = "5"
    if problem.status == UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="cdc-audit"'
    return Response(
        msgspec.json.encode(problem),
        status_code=problem.status,
        media_type="application/problem+json",
        headers=headers,
    )


def is_api(request: Request) -> bool:
    """Whether the request speaks to the API, and not to the page."""
    return request.url.path.startswith("/api/")


def _problem(status: int, detail: str, *, field: str | None = None) -> Problem:
    title = _TITLES.get(status, "Request refused")
    return Problem(title=title, status=status, detail=detail, field=field)

"""Answers of `/api/v1`: JSON that nobody keeps, and what never changes, which may be kept."""

from hashlib import sha256

import msgspec
from starlette.requests import Request
from starlette.responses import Response

FOR_EVER = "private, max-age=86400, immutable"
"""A stored change never changes: its reader may keep it for a day. Nobody between may."""

_NOT_MODIFIED = 304


def fresh(answer: msgspec.Struct) -> Response:
    """An answer that may be another one the next time."""
    return Response(
        msgspec.json.encode(answer),
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def immutable(request: Request, answer: msgspec.Struct) -> Response:
    """An answer that stays as it is; nothing but its tag, for whoever has it already."""
    body = msgspec.json.encode(answer)
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"Cache-Control": FOR_EVER, "ETag": tag, "Vary": "Authorization, Cookie"}
    if _has(request, tag):
        return Response(status_code=_NOT_MODIFIED, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _has(request: Request, tag: str) -> bool:
    """Whether the reader has it. Tags are compared weakly, as RFC 9110 has it for this header."""
    known = [
        t.strip().removeprefix("W/") for t in request.headers.get("if-none-match", "").split(",")
    ]
    return tag in known or known == ["*"]

"""
Who looks, and what of the trail is there for them: rows of other tables are not.

    request ──▶ principal ──▶ TrailSite.seen_by(its tables) ──▶ the questions that a page asks
"""

from typing import Any

from starlette.requests import Request

from domain.access import NotAllowedError, Principal, Role
from entrypoints.http.site import TrailSite


def visitor_of(request: Request) -> Principal:
    """Who sent `request`: the guard lets nobody else through."""
    state: Any = request.state
    who: Principal = state.principal
    return who


def seen_site(site: TrailSite, request: Request) -> TrailSite:
    """The site as whoever sent `request` may see it."""
    return site.seen_by(visitor_of(request).tables)


def sees_all(request: Request) -> bool:
    """Whether whoever sent `request` may see every table."""
    return not visitor_of(request).tables.patterns


def must_operate(request: Request) -> Principal:
    """
    Refuse who may only read; gives who it is.

    Raises:
        NotAllowedError: They may only read.
    """
    who = visitor_of(request)
    if not who.role.includes(Role.OPERATOR):
        raise NotAllowedError(
            f"This needs the role {Role.OPERATOR}, and {who.name} has {who.role}."
        )
    return who

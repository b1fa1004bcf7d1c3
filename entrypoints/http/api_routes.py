"""All operations of `/api/v1`, in one table, and the routes that are made of it."""

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from application.access_log import AccessLog
from entrypoints.http.api_care import CARE_OPERATIONS, access_log
from entrypoints.http.api_changes import CHANGE_OPERATIONS
from entrypoints.http.api_export import EXPORT_OPERATIONS
from entrypoints.http.api_operation import Operation, route_of
from entrypoints.http.api_rows import ROW_OPERATIONS
from entrypoints.http.api_trail import TRAIL_OPERATIONS
from entrypoints.http.events_stream import LiveChanges
from entrypoints.http.openapi import description
from entrypoints.http.site import TrailSite


def operations(log: AccessLog) -> Sequence[Operation]:
    """The table."""
    return (
        *CHANGE_OPERATIONS,
        *ROW_OPERATIONS,
        *EXPORT_OPERATIONS,
        *TRAIL_OPERATIONS,
        *CARE_OPERATIONS,
        access_log(log),
    )


def api_routes(site: TrailSite, live: LiveChanges, log: AccessLog) -> Sequence[Route]:
    """
    Make the routes below `/api/v1`.

    Args:
        site: The trail, and what can be looked after in it.
        live: Streams of its changes.
        log: Who looked.
    """
    table = operations(log)
    described = msgspec.json.encode(description(table))

    async def openapi(request: Request) -> Response:
        del request
        return Response(described, media_type="application/json")

    return [
        Route("/openapi.json", openapi),
        *(route_of(operation, site, live) for operation in table),
    ]

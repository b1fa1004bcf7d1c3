"""What handlers tell the access log of their answers."""

from collections.abc import Callable

from starlette.requests import Request

from application.trail_query import StoredRecord


def note_rows(request: Request, count: int) -> None:
    """Tell how many rows the answer has."""
    request.state.row_count = count


def counted(request: Request, show: Callable[[StoredRecord], str]) -> Callable[[StoredRecord], str]:
    """`show`, for a stream whose rows are counted, and told when it ends."""
    request.state.streamed = True
    request.state.row_count = 0

    def shown(stored: StoredRecord) -> str:
        request.state.row_count += 1
        return show(stored)

    return shown

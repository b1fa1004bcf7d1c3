"""What people send with addresses and forms, and what they get: a page, or on to the next one."""

from collections.abc import Collection
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from entrypoints.http.api_parameters import BadParameterError

SEE_OTHER = 303


def parameters_of(
    request: Request, known: Collection[str], *, stripped: Collection[str]
) -> dict[str, str]:
    """
    The parameters of a request.

    Args:
        request: The request.
        known: Those that there are.
        stripped: Those that are read without the white space around them.

    Raises:
        BadParameterError: There is an unknown one, or NUL in one.
    """
    given: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in known:
            raise BadParameterError(name, f"is unknown. Known are {', '.join(known)}.")
        if "\0" in value:
            raise BadParameterError(name, "must be without NUL.")
        given[name] = value.strip() if name in stripped else value
    return given


async def fields_of(request: Request) -> dict[str, str]:
    """The fields of a form; of a field that came twice, the first."""
    body = (await request.body()).decode("utf-8", "replace")
    return {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}


def on_to(url: str) -> Response:
    """Let the browser ask for `url`: a reload then sends nothing again."""
    return RedirectResponse(url, status_code=SEE_OTHER)


def number_of(text: str) -> int | None:
    """The number of a gap or an entry; None if it can be none."""
    longest = 18
    is_number = text.isascii() and text.isdigit() and len(text) <= longest
    return int(text) if is_number else None

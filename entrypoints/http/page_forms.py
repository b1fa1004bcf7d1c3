"""What people send with forms, and what they get back: a page, or on to the next one."""

from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

SEE_OTHER = 303


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

"""The examples of a Markdown file, and running one of them as it stands."""

import ast
import inspect
import re
import textwrap
import warnings
from pathlib import Path
from typing import Any

import msgspec

_BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ +(?P<title>.+?)\s*$", re.MULTILINE)


class Example(msgspec.Struct, frozen=True):
    """
    A block of Python code in a Markdown file.

    Attributes:
        title: The heading that it stands under.
        code: The code.
        line: Line of its first line of code, from 1.
        file: The Markdown file.
    """

    title: str
    code: str
    line: int
    file: Path


def examples_of(file: Path) -> list[Example]:
    """Give the Python blocks of `file`, in order."""
    text = file.read_text(encoding="utf-8")
    prose = _BLOCK.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), text)
    headings = [(found.start(), found["title"].strip("`")) for found in _HEADING.finditer(prose)]
    return [
        Example(
            title=[title for place, title in headings if place < block.start()][-1],
            code=textwrap.dedent(block["code"]),
            line=text.count("\n", 0, block.start("code")) + 1,
            file=file,
        )
        for block in _BLOCK.finditer(text)
    ]


async def run_example(example: Example, **names: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever the example uses
    """
    Run `example`, which may use `names`, and `await` outside of functions.

    Returns:
        All names as they are after it.
    """
    namespace: dict[str, Any] = {"__name__": "example", **names}
    padded = "\n" * (example.line - 1) + example.code
    code = compile(padded, str(example.file), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "datetime.datetime.utcnow", DeprecationWarning)
        outcome = eval(code, namespace)  # noqa: S307 - our own documentation
        if inspect.isawaitable(outcome):
            await outcome
    return namespace

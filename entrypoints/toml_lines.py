"""On which line of a TOML file a key stands: `tomllib` does not tell."""

import re

_TABLE = re.compile(r"^\s*\[{1,2}\s*(?P<name>[^\]]+?)\s*\]{1,2}")
_KEY = re.compile(r"""^\s*(?P<name>[\w."'-]+(?:\s*\.\s*[\w"'-]+)*)\s*=""")


def line_of(text: str, name: str) -> int:
    """
    Find the line of the key `name` (``section.key`` or ``key``) in the TOML document `text`.

    Returns:
        The line, from 1; that of the innermost table around it where the key itself is not found
        (it stands in an inline table); 1 where neither is.
    """
    table = ""
    best, nearest = 1, ""
    for number, line in enumerate(text.splitlines(), start=1):
        if heading := _TABLE.match(line):
            table = _plain(heading["name"])
            full = table
        elif key := _KEY.match(line):
            full = f"{table}.{_plain(key['name'])}" if table else _plain(key["name"])
        else:
            continue
        if full == name or full.startswith(f"{name}."):
            return number
        if name.startswith(f"{full}.") and len(full) >= len(nearest):
            best, nearest = number, full
    return best


def _plain(name: str) -> str:
    return re.sub(r"[\s\"']", "", name)

"""The parameters of `/api/v1`: what they are called, and what they must be."""

from collections.abc import Mapping
from typing import Any

from domain.operation import OperationTypeEnum
from entrypoints.http.api_operation import Parameter
from entrypoints.http.api_parameters import DEFAULT_LIMIT, MAX_LIMIT, MOST_CHARACTERS

TEXT: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": MOST_CHARACTERS,
}
FLAG: Mapping[str, Any] = {"type": "boolean", "default": False}
TIME: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 100,
    "description": "ISO 8601; UTC unless it says otherwise.",
    "examples": ["2026-07-01", "2026-07-01T09:30", "2026-07-01T09:30:00+02:00"],
}
NUMBER: Mapping[str, Any] = {"type": "string", "pattern": r"^[0-9]{1,19}$"}


def limit(usual: int = DEFAULT_LIMIT, most: int = MAX_LIMIT) -> Parameter:
    """How many at most."""
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": usual}
    return Parameter(name="limit", about="How many at most.", schema=schema)


def text(name: str, about: str, *, required: bool = False) -> Parameter:
    """A text."""
    return Parameter(name=name, about=about, schema=TEXT, required=required)


def time(name: str, about: str, *, required: bool = False) -> Parameter:
    """A time."""
    return Parameter(name=name, about=about, schema=TIME, required=required)


def flag(name: str, about: str) -> Parameter:
    """True or false."""
    return Parameter(name=name, about=about, schema=FLAG)


TABLE = text("table", 'Table, or schema.table; `"a.b"` in quotes if a name has a dot in it.')
SOURCE = text("source", "Debezium's topic prefix.")
DATABASE = text("database", "Database of the table.")
SINCE = time("since", "From this time on.")
UNTIL = time("until", "Before this time.")
LIMIT = limit()
COUNT = flag("count", "Count what the search finds, exactly or at least.")
FILTERED = (
    TABLE,
    text("key", "Value of a key of one column, or canonical JSON of any key."),
    Parameter(
        name="operation",
        about="What happened.",
        schema={"type": "string", "enum": [str(word) for word in OperationTypeEnum]},
    ),
    text("transaction", "The connector's own id of a transaction."),
    SINCE,
    UNTIL,
    text("user", "Who made the change."),
    text("changed", "A column whose value is known to differ."),
    Parameter(
        name="value",
        about="A column and a value that it had or got: `status=paid`.",
        schema={"type": "string", "pattern": r"^[^=]+="},
    ),
    text("text", "A text in an image or in the key, in any case."),
    SOURCE,
    DATABASE,
    flag("redeliveries", "Give also changes that are certain to repeat another one."),
)
BEFORE = Parameter(
    name="before",
    about="`older` of the page before.",
    schema={"type": "string", "pattern": r"^-?[0-9]{1,18}-[0-9]{1,10}-[0-9]{1,10}-[0-9]{1,19}$"},
)
AFTER = text("after", "A `cursor` to begin behind; `Last-Event-ID` is stronger. Now without it.")
REVERT_OF = Parameter(
    name="of",
    about="What is put back.",
    schema={"type": "string", "enum": ["change", "row", "transaction"], "default": "change"},
)
ROW = (
    text("table", TABLE.about, required=True),
    text("key", FILTERED[1].about, required=True),
    SOURCE,
    DATABASE,
)
ENTRY_BEFORE = Parameter(name="before", about="`older` of the page before.", schema=NUMBER)
TOPIC = text("topic", "Only of this topic.")

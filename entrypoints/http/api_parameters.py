"""
What people and programs write into URLs: filters, times, ids and cursors, both ways.

| what | form | example |
|---|---|---|
| id of a change | stream-partition-offset | ``1-0-4711`` |
| place in the order (`before`) | microseconds-id | ``1700000000000000-1-0-4711`` |
| live cursor | stream:partition-offset,...;stream:... | ``1:0-4712,1-99;2:0-7`` |
| time | ISO 8601, UTC unless it says otherwise | ``2026-07-01T09:30`` |
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from application.trail_query import Cursor, Place, TrailQuery, ValueFilter
from domain.operation import OperationTypeEnum

DEFAULT_LIMIT = 50
MAX_LIMIT = 500

_INT4 = 2**31 - 1
_INT8 = 2**63 - 1
MOST_CHARACTERS = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EARLIEST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LATEST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_ID = re.compile(r"(\d{1,10})-(\d{1,10})-(\d{1,19})", re.ASCII)
_PLACE = re.compile(r"(-?\d{1,18})-(\d{1,10})-(\d{1,10})-(\d{1,19})", re.ASCII)
_STREAM = re.compile(r"(\d{1,10}):([0-9,-]+)", re.ASCII)
_NAMES = re.compile(r'(?:("(?:[^"]|"")*"|[^".]+)\.)?("(?:[^"]|"")*"|[^".]+)')
_END = re.compile(r"(\d{1,10})-(\d{1,19})", re.ASCII)


class BadParameterError(ValueError):
    """
    A parameter of a request is not what it must be.

    Attributes:
        field: Name of the parameter.
        problem: What is wrong, with the value, and what is allowed.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class Filters(msgspec.Struct, frozen=True):
    """
    The filters of a request as they were written; an empty text is no filter.

    Attributes:
        table: Bare table name, or schema.table; ``"a.b"`` in quotes if a name has a dot in it.
        key: Value of a key of one column, or canonical JSON of any key.
        operation: What happened (`OperationTypeEnum`), in any case.
        transaction: The connector's own id of a transaction.
        since: Changes from this time on.
        until: Changes before this time.
        user: Who made the change.
        changed: A column whose value is known to differ.
        value: A column and a value that it had or got: ``status=paid``.
        text: A text in an image or in the key.
        source: Debezium's topic prefix.
        database: Database of the table.
        redeliveries: ``true`` gives also changes that are certain to repeat another one.
    """

    table: str = ""
    key: str = ""
    operation: str = ""
    transaction: str = ""
    since: str = ""
    until: str = ""
    user: str = ""
    changed: str = ""
    value: str = ""
    text: str = ""
    source: str = ""
    database: str = ""
    redeliveries: str = ""

    def used(self) -> Mapping[str, str]:
        """The filters that are set, by name."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value}


FILTERS = tuple(Filters.__struct_fields__)


def read_filters(items: Iterable[tuple[str, str]], *, besides: Iterable[str] = ()) -> Filters:
    """
    Take the filters out of the parameters of a request.

    Args:
        items: Names and values as they came.
        besides: Parameters that are allowed and are no filters.

    Raises:
        BadParameterError: There is an unknown parameter, or one twice, or NUL in one.
    """
    allowed = (*FILTERS, *besides)
    found: dict[str, str] = {}
    for name, value in items:
        if name not in allowed:
            raise BadParameterError(name, f"is unknown. Known are {', '.join(allowed)}.")
        if name in found:
            raise BadParameterError(name, "is given more than once. Give it once.")
        if "\0" in value or len(value) > MOST_CHARACTERS:
            raise BadParameterError(
                name, f"must be at most {MOST_CHARACTERS} characters, without NUL."
            )
        found[name] = value.strip()
    return Filters(**{name: value for name, value in found.items() if name in FILTERS})


def trail_query(
    filters: Filters, *, before: str | None = None, limit: str | None = None
) -> TrailQuery:
    """
    Turn a request into a question to the trail.

    Raises:
        BadParameterError: One of the values is not what it must be.
    """
    schema, table = read_table(filters.table)
    return TrailQuery(
        source_table=table,
        source_schema=schema,
        record_key=filters.key or None,
        operation=_operation(filters.operation) if filters.operation else None,
        transaction_id=filters.transaction or None,
        since=read_time("since", filters.since) if filters.since else None,
        until=read_time("until", filters.until) if filters.until else None,
        change_user=filters.user or None,
        changed_column=filters.changed or None,
        column_value=_value(filters.value) if filters.value else None,
        text=filters.text or None,
        source_name=filters.source or None,
        source_database=filters.database or None,
        include_redeliveries=read_flag("redeliveries", filters.redeliveries),
        before=read_place(before) if before else None,
        limit=read_limit(limit) if limit else DEFAULT_LIMIT,
    )


def read_id(text: str) -> tuple[int, int, int] | None:
    """Read an id; None if it cannot be the id of any change."""
    match = _ID.fullmatch(text)
    if match is None:
        return None
    stream, partition, offset = map(int, match.groups())
    fits = stream <= _INT4 and partition <= _INT4 and offset <= _INT8
    return (stream, partition, offset) if fits else None


def write_place(place: Place) -> str:
    """Write a place in the order."""
    return f"{place.change_timestamp}-{place.stream_id}-{place.partition}-{place.offset}"


def write_cursor(cursor: Cursor) -> str:
    """Write a live cursor."""
    streams: dict[int, list[str]] = {}
    for stream, partition, offset in cursor.offsets:
        streams.setdefault(stream, []).append(f"{partition}-{offset}")
    return ";".join(f"{stream}:{','.join(ends)}" for stream, ends in streams.items())


def read_cursor(field: str, text: str) -> Cursor:
    """
    Read a live cursor.

    Raises:
        BadParameterError: `text`, which came in the parameter or header `field`, is none.
    """
    offsets: list[tuple[int, int, int]] = []
    for part in text.split(";") if text else ():
        stream = _STREAM.fullmatch(part)
        for written in stream[2].split(",") if stream else ("",):
            end = _END.fullmatch(written)
            if stream is None or end is None:
                raise BadParameterError(field, _no_cursor(text))
            offsets.append((int(stream[1]), int(end[1]), int(end[2])))
    if any(max(s, p) > _INT4 or offset > _INT8 for s, p, offset in offsets):
        raise BadParameterError(field, _no_cursor(text))
    return Cursor(tuple(sorted(offsets)))


def read_flag(field: str, text: str) -> bool:
    """Read ``true`` or ``false``; an empty text is false."""
    if text not in {"", "true", "false"}:
        raise BadParameterError(field, f"`{shown(text)}` must be true or false.")
    return text == "true"


def _no_cursor(text: str) -> str:
    return f"`{shown(text)}` is no cursor. Take one from an answer, or leave it out to begin now."


def read_table(text: str) -> tuple[str | None, str | None]:
    """Schema and table, as far as they are given."""
    quoted = _NAMES.fullmatch(text)
    if quoted is not None:
        schema, table = (
            None if name is None else name[1:-1].replace('""', '"') if name[:1] == '"' else name
            for name in quoted.groups()
        )
        return schema, table
    schema, dot, table = text.rpartition(".")
    return schema if dot else None, table or None


def _operation(text: str) -> OperationTypeEnum:
    try:
        return OperationTypeEnum(text.upper())
    except ValueError as error:
        known = ", ".join(OperationTypeEnum)
        raise BadParameterError(
            "operation", f"`{shown(text)}` is no operation. Known are {known}."
        ) from error


def _value(text: str) -> ValueFilter:
    column, sign, value = text.partition("=")
    if not sign or not column:
        raise BadParameterError(
            "value", f"`{shown(text)}` names no column. Write it as status=paid."
        )
    return ValueFilter(column, value)


def read_time(field: str, text: str) -> int:
    """
    Read a time; microseconds since 1970, UTC.

    Raises:
        BadParameterError: `text`, which came in the parameter `field`, is none.
    """
    try:
        time = datetime.fromisoformat(text)
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadParameterError(
            field,
            f"`{shown(text)}` is no time. Write it as 2026-07-01, 2026-07-01T09:30 (UTC) or "
            f"2026-07-01T09:30:00+02:00 (in an address, + is %2B).",
        ) from error
    return (time - _EPOCH) // _MICROSECOND


def read_place(text: str) -> Place:
    """
    Read a place in the order.

    Raises:
        BadParameterError: `text`, which came as `before`, is none.
    """
    match = _PLACE.fullmatch(text)
    place = Place(*map(int, match.groups())) if match else None
    if (
        place is None
        or not _EARLIEST <= place.change_timestamp <= _LATEST
        or max(place.stream_id, place.partition) > _INT4
        or place.offset > _INT8
    ):
        raise BadParameterError(
            "before", f"`{shown(text)}` is no place. Take it from `older` of the last page."
        )
    return place


def read_limit(text: str, most: int = MAX_LIMIT) -> int:
    """
    Read how many at most.

    Raises:
        BadParameterError: It is no number from 1 to `most`.
    """
    short = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    limit = int(text) if short else 0
    if not 1 <= limit <= most:
        raise BadParameterError("limit", f"`{shown(text)}` must be a number from 1 to {most}.")
    return limit


def shown(text: str) -> str:
    """What was sent, short enough for a message."""
    longest = 60
    return text if len(text) <= longest else f"{text[:longest]}…"

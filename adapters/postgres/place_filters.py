"""Conditions on times and places in the trail's order, as SQL."""

from typing import Any

from psycopg import sql

from adapters.postgres.time_text import time_text
from adapters.postgres.trail_filters import Filter
from application.trail_query import Place

_FROM = sql.SQL("t.change_timestamp >= %(from)s::timestamptz")
_TO = sql.SQL("t.change_timestamp < %(to)s::timestamptz")
# The first condition follows from the second, but only it can use indexes and leave out partitions.
_BEFORE = sql.SQL("""t.change_timestamp <= %(before)s::timestamptz
    AND (t.change_timestamp, t.stream_id, t.kafka_partition, t.kafka_offset)
    < (%(before)s::timestamptz, %(before_stream)s, %(before_partition)s, %(before_offset)s)""")
_AFTER = sql.SQL("""t.change_timestamp >= %(after)s::timestamptz
    AND (t.change_timestamp, t.stream_id, t.kafka_partition, t.kafka_offset)
    > (%(after)s::timestamptz, %(after_stream)s, %(after_partition)s, %(after_offset)s)""")


def between(since: int | None, until: int | None) -> Filter:
    """From one change timestamp on, and before another."""
    conditions: list[sql.SQL] = []
    parameters: dict[str, Any] = {}
    if since is not None:
        conditions.append(_FROM)
        parameters["from"] = time_text(since)
    if until is not None:
        conditions.append(_TO)
        parameters["to"] = time_text(until)
    return Filter(conditions, parameters)


def before_place(place: Place | None) -> Filter:
    """Before a place in the order."""
    return _beyond(_BEFORE, "before", place)


def after_place(place: Place | None) -> Filter:
    """Behind a place in the order."""
    return _beyond(_AFTER, "after", place)


def both(one: Filter, other: Filter) -> Filter:
    """The conditions of both."""
    return Filter((*one.conditions, *other.conditions), {**one.parameters, **other.parameters})


def _beyond(condition: sql.SQL, name: str, place: Place | None) -> Filter:
    if place is None:
        return Filter((), {})
    parameters = {
        name: time_text(place.change_timestamp),
        f"{name}_stream": place.stream_id,
        f"{name}_partition": place.partition,
        f"{name}_offset": place.offset,
    }
    return Filter((condition,), parameters)

"""A trail as somebody sees it who may see some tables, over the fake and PostgreSQL."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from application.questions import TrailQuestions
from application.scoped_readers import scoped, scoped_questions
from application.trail_query import Cursor, TrailQuery
from domain.access import TableScope
from domain.row_identity import row_of
from tests.builders import NOON, SECOND, a_record
from tests.contract.trail_writing import a_trail_of, offsets
from tests.contract.trails import Trail

_PEOPLE = {"source_schema": "private", "source_table": "people", "change_user": "hr"}
_SAME_NAME = {"source_schema": "private", "source_table": "orders", "change_user": "hr"}
_NO_SCHEMA = {"source_schema": None, "source_database": "crm", "source_table": "leads"}
_CHANGES: Sequence[Mapping[str, Any]] = (
    {"record_key": '{"id":1}', "change_user": "ada"},
    {"record_key": '{"id":2}', **_PEOPLE},
    {"record_key": '{"id":1}', **_SAME_NAME},
    {"record_key": '{"id":3}', "connector": "mysql", **_NO_SCHEMA},
    {"record_key": '{"id":1}', "change_user": "ada"},
)


def keyed(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of a change, with the hash of its key."""
    row = row_of(a_record(**fields))
    return {**fields, "key_hash": None if row is None else row.key_hash}


def seen(trail: Trail, *patterns: str) -> TrailQuestions:
    """The questions of somebody who may see tables of these patterns."""
    return scoped_questions(trail.readers, TableScope(patterns))


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["public.*"], [4, 0]),
        (["private.*"], [2, 1]),
        (["orders"], [4, 2, 0]),
        (["crm.leads"], [3]),
        (["nothing.*"], []),
    ],
)
async def test_a_search_its_count_and_its_export_have_only_what_may_be_seen(
    trail: Trail, patterns: Sequence[str], expected: Sequence[int]
) -> None:
    await a_trail_of(trail, *map(keyed, _CHANGES))
    questions = seen(trail, *patterns)

    page = await questions.trail.latest(TrailQuery())
    counted = await questions.counter.count(TrailQuery(), at_most=100)
    exported = [s async for part in questions.exports.pages(TrailQuery()) for s in part]

    assert offsets(page.changes) == offsets(exported) == expected
    assert (counted.number, counted.is_exact) == (len(expected), True)


async def test_pages_are_full_whatever_lies_between(trail: Trail) -> None:
    hidden = [{"record_key": f'{{"id":{n}}}', **_PEOPLE} for n in range(30)]
    await a_trail_of(trail, _CHANGES[0], *hidden, _CHANGES[4])

    page = await seen(trail, "public.*").trail.latest(TrailQuery(limit=2))

    assert offsets(page.changes) == [31, 0]
    assert page.older is None


async def test_a_key_is_searched_in_the_tables_that_may_be_seen(trail: Trail) -> None:
    await a_trail_of(trail, *map(keyed, _CHANGES))

    page = await seen(trail, "public.*").trail.latest(TrailQuery(record_key='{"id":1}'))

    assert offsets(page.changes) == [4, 0]


async def test_statistics_add_up_what_may_be_seen(trail: Trail) -> None:
    await a_trail_of(trail, *map(keyed, _CHANGES))

    found = await seen(trail, "public.*").statistics.between(NOON, NOON + 60 * SECOND)

    assert [(c.source.source_schema, c.changes) for c in found.tables] == [("public", 2)]
    assert [hour.changes for hour in found.hours] == [2]
    assert [(row.record_key, n) for row, n in found.busiest_keys] == [('{"id":1}', 2)]
    assert found.writers == [("ada", 2)]
    assert [one.source.source_schema for one in found.freshness] == ["public"]


async def test_live_changes_are_those_that_may_be_seen(trail: Trail) -> None:
    await a_trail_of(trail, *map(keyed, _CHANGES))
    reader = scoped(trail.readers, TableScope(["public.*"])).trail

    found, behind = await reader.since(Cursor(), TrailQuery())

    assert offsets(found) == [0, 4]
    assert behind == await trail.reader.position()


async def test_a_transaction_has_the_changes_that_may_be_seen(trail: Trail) -> None:
    await a_trail_of(trail, *({**fields, "transaction_id": "771"} for fields in _CHANGES))
    public, nobody = seen(trail, "public.*"), seen(trail, "nothing.*")

    (found,) = await public.transaction.named("771")
    answer = await public.transaction.show(found)

    assert offsets(answer.changes) == [0, 4]
    assert list(answer.boundaries) == []
    assert list(await nobody.transaction.named("771")) == []


async def test_a_transaction_says_that_it_has_more_whatever_lies_between(trail: Trail) -> None:
    hidden = [{"record_key": f'{{"id":{n}}}', **_PEOPLE} for n in range(250)]
    changes = [*hidden, _CHANGES[0], _CHANGES[4]]
    await a_trail_of(trail, *({**fields, "transaction_id": "771"} for fields in changes))
    shows = seen(trail, "public.*").transaction

    (found,) = await shows.named("771")
    part, whole = await shows.show(found, limit=1), await shows.show(found, limit=2)

    assert (offsets(part.changes), part.has_more) == ([250], True)
    assert (offsets(whole.changes), whole.has_more) == ([250, 251], False)

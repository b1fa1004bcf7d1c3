"""What the commands ask: the database itself and a running service give the same answers."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import Any

import msgspec
import pytest

from domain.record_key import identity_prefix, key_hash
from entrypoints.http.api_parameters import BadParameterError, Filters
from entrypoints.http.page_app import page_app
from entrypoints.http.page_times import iso
from entrypoints.http.serving import Endpoint, serving
from entrypoints.http.site import trail_site
from entrypoints.reading.answers import (
    Answers,
    Named,
    NothingFoundError,
    Search,
    SeveralFoundError,
    TransactionName,
)
from entrypoints.reading.database_answers import DatabaseAnswers
from entrypoints.reading.service_answers import open_service
from tests.builders import a_record
from tests.contract.row_stories import at, deleted, inserted, keyed, questions, updated
from tests.contract.trail_writing import a_trail_of, keep
from tests.contract.trails import Trail

Open = Callable[[Trail], AbstractAsyncContextManager[Answers]]

NEW, PAID, SENT = {"status": "new"}, {"status": "paid"}, {"status": "sent"}
ROW = Named(table="orders", key="1")
CHANGES = (
    {**inserted(1, status="new"), "transaction_id": "70", "change_user": "ada"},
    {**updated(1, NEW, PAID), "transaction_id": "71"},
    {**updated(2, NEW, PAID), "transaction_id": "71", "change_user": "ed"},
    updated(1, PAID, SENT),
    deleted(2, status="paid"),
    {**keyed(9, table="people"), "old_data": None},
)


@asynccontextmanager
async def over_database(trail: Trail) -> AsyncGenerator[Answers]:
    yield DatabaseAnswers(questions(trail))


@asynccontextmanager
async def over_service(trail: Trail) -> AsyncGenerator[Answers]:
    closing = asyncio.Event()
    app = page_app(trail_site(trail.readers, live_interval=0.01), closing=closing)
    endpoint = Endpoint(
        name="page", app=app, host="127.0.0.1", port=0, setting="http.port", closing=closing
    )
    async with serving([endpoint]) as (served,), open_service(served.url, None) as service:
        yield service


@pytest.fixture(params=[over_database, over_service])
def open_answers(request: pytest.FixtureRequest) -> Open:
    opened: Open = request.param
    return opened


async def ids_of(answers: Answers) -> Sequence[str]:
    """Ids of the changes of the trail, oldest first."""
    page = await answers.search(Search())
    return [change.id for change in page.changes][::-1]


QUESTIONS: Sequence[Callable[[Answers, str], Awaitable[Any]]] = (
    lambda a, change: a.change(change),
    lambda a, _: a.search(Search(is_counted=True)),
    lambda a, _: a.search(Search(filters=Filters(table="public.orders", user="ada"), limit=1)),
    lambda a, _: a.history(ROW, before=None, limit=2),
    lambda a, _: a.row_at(ROW, at(1)),
    lambda a, change: a.row_before(ROW, change),
    lambda a, _: a.compare_row(ROW, earlier=at(0), later=at(5)),
    lambda a, _: a.compare_table(Named(table="orders"), earlier=at(0), later=at(5)),
    lambda a, _: a.transaction(TransactionName(id="71")),
    lambda a, change: a.transaction(TransactionName(change=change)),
    lambda a, _: a.statistics(at(0), at(9), table="orders", limit=5),
    lambda a, _: a.health(),
    lambda a, change: a.put_back(change, "row"),
)


async def test_both_sides_give_the_same_answers(trail: Trail) -> None:
    await a_trail_of(trail, *CHANGES)

    async with over_database(trail) as database, over_service(trail) as service:
        change = (await ids_of(database))[1]
        pairs = [(await ask(database, change), await ask(service, change)) for ask in QUESTIONS]

    for direct, served in pairs:
        assert msgspec.json.encode(served) == msgspec.json.encode(direct)
        assert type(served) is type(direct)


async def test_a_history_goes_on_at_the_place_that_its_page_names(
    trail: Trail, open_answers: Open
) -> None:
    await a_trail_of(trail, *CHANGES)

    async with open_answers(trail) as answers:
        first = await answers.history(ROW, before=None, limit=2)
        last = await answers.history(ROW, before=first.older, limit=2)

    offsets = [[e.change.kafka.offset for e in page.entries] for page in (first, last)]
    assert offsets == [[3, 1], [0]]
    assert last.older is None


async def test_a_row_before_a_change_must_be_the_row_of_that_change(
    trail: Trail, open_answers: Open
) -> None:
    await a_trail_of(trail, *CHANGES)

    async with open_answers(trail) as answers:
        ids = await ids_of(answers)
        state = await answers.row_before(ROW, ids[1])
        with pytest.raises(NothingFoundError, match="is not one of that row"):
            await answers.row_before(ROW, ids[2])

    assert state.followed_by == ids[1]
    told = msgspec.json.decode(msgspec.json.encode(state))
    assert [(c["name"], c["value"]["value"]) for c in told["columns"]] == [
        ("id", 1),
        ("status", "new"),
    ]


async def test_what_is_not_there_is_an_error_that_tells_what_the_trail_lacks(
    trail: Trail, open_answers: Open
) -> None:
    await a_trail_of(trail, *CHANGES)
    nowhere, nobody = Named(table="nosuch", key="1"), Named(table="orders", key="77")

    async with open_answers(trail) as answers:
        for row in (nowhere, nobody):
            with pytest.raises(NothingFoundError) as nothing:
                await answers.history(row, before=None, limit=2)
            assert nothing.value.may_be_incomplete is not None
        for change in ("9-9-9", "no/id", "../health"):
            with pytest.raises(NothingFoundError, match="has no change"):
                await answers.change(change)
        with pytest.raises(NothingFoundError, match="transaction"):
            await answers.transaction(TransactionName(id="404"))


async def test_a_name_that_several_rows_have_is_asked_back(
    trail: Trail, open_answers: Open
) -> None:
    prefix = identity_prefix("postgresql", "other", "shop", "public", "orders")
    others = {"source_name": "other", "key_hash": key_hash(prefix, b'{"id":1}')}
    await a_trail_of(trail, inserted(1, status="new"), {**inserted(1, status="new"), **others})

    async with open_answers(trail) as answers:
        with pytest.raises(SeveralFoundError):
            await answers.history(ROW, before=None, limit=2)


async def test_a_filter_that_nobody_understands_is_named(trail: Trail, open_answers: Open) -> None:
    async with open_answers(trail) as answers:
        with pytest.raises(BadParameterError) as refused:
            await answers.search(Search(filters=Filters(operation="nosuch")))

    assert refused.value.field == "operation"
    assert refused.value.problem.startswith("`nosuch` is no operation")


async def test_a_transaction_id_that_came_again_is_told_apart_by_a_time(
    trail: Trail, open_answers: Open
) -> None:
    month = 30 * 86_400 * 1_000_000
    later = {**inserted(3), "transaction_id": "71", "change_timestamp": at(0) + month}
    await a_trail_of(trail, *CHANGES, later)

    async with open_answers(trail) as answers:
        newest = await answers.transaction(TransactionName(id="71"))
        older = await answers.transaction(TransactionName(id="71", around=at(5)))

    assert [len(newest.changes), len(older.changes)] == [1, 2]


async def test_an_export_has_every_change_newest_first(trail: Trail, open_answers: Open) -> None:
    await a_trail_of(trail, *CHANGES)
    filters = Filters(table="orders", until=iso(at(4)))

    async with (
        open_answers(trail) as answers,
        aclosing(answers.export(filters, "ndjson", is_safe=False)) as pieces,
    ):
        file = b"".join([piece.data async for piece in pieces])

    lines = [msgspec.json.decode(line) for line in file.splitlines()]
    assert [line["kafka"]["offset"] for line in lines] == [3, 2, 1, 0]


async def test_what_is_committed_behind_a_page_follows_it_once(
    trail: Trail, open_answers: Open
) -> None:
    records = await a_trail_of(trail, *CHANGES)
    stream_id = records[0].stream_id
    texts = {"new_data": '{"id":1,"status":"a\\n\u2028b"}'}

    async with open_answers(trail) as answers:
        page = await answers.search(Search())
        filters = Filters(table="orders")
        async with aclosing(answers.follow(filters, page.cursor)) as changes:
            store = await trail.store()
            await keep(store, [a_record(o, stream_id=stream_id, **texts) for o in (6, 7)])
            followed = [await anext(changes), await anext(changes)]

    assert [change.kafka.offset for change in followed] == [6, 7]
    assert followed[0].new is not None
    assert bytes(followed[0].new).decode() == texts["new_data"]

"""A question that the database has no time for is told to be narrower, and keeps nobody waiting."""

from collections.abc import AsyncGenerator

import msgspec
import pytest

from adapters.postgres.pool import Access, open_pool
from adapters.postgres.trail_readers import postgres_readers
from application.questions import TrailQuestions, questions_to
from application.trail_query import BoundedCount, TrailQuery, ValueFilter
from domain.errors import QueryTooWideError
from domain.row_identity import RowIdentity
from domain.source_table import SourceTable
from entrypoints.http.page_app import page_app
from entrypoints.http.site import trail_site
from tests.builders import DAY, NOON
from tests.postgres.locked_trail import a_locked_trail
from tests.servers.postgres import scratch_database
from tests.unit.http.requests import get

pytestmark = pytest.mark.postgres

ROW = RowIdentity(SourceTable("postgresql", "shop", "shop", "public", "orders"), '{"id":1}')

HURRIED = 0.001
"""Seconds: less than a look at all partitions takes."""


@pytest.fixture
async def hurried() -> AsyncGenerator[TrailQuestions]:
    """Give a trail of many partitions whose database has no time."""
    with scratch_database() as config:
        async with open_pool(config, access=Access.OWN) as owner, owner.lease() as session:
            days = [NOON // DAY - 31 * month for month in range(60)]
            await session.execute("SELECT audit_ensure_partitions(%s)", [days])
        limited = msgspec.structs.replace(config, statement_timeout=HURRIED)
        async with open_pool(limited, access=Access.READ) as pool:
            yield questions_to(postgres_readers(pool, limited))


@pytest.mark.parametrize(
    "query",
    [
        TrailQuery(text="nothing"),
        TrailQuery(column_value=ValueFilter("status", "nothing")),
        TrailQuery(change_user="nobody"),
        TrailQuery(changed_column="nothing"),
    ],
)
async def test_a_search_that_takes_too_long_says_how_to_narrow_it(
    hurried: TrailQuestions, query: TrailQuery
) -> None:
    with pytest.raises(QueryTooWideError, match="Narrow it by table, key or time"):
        await hurried.trail.latest(query)


async def test_page_and_api_answer_503_and_say_how_to_narrow_it() -> None:
    async with a_locked_trail() as (pool, config):
        app = page_app(trail_site(postgres_readers(pool, config)))

        for path in ("/search?user=nobody", "/transactions?id=1", "/changes/1-0-1"):
            page = await get(app, path)
            assert (page.status_code, "Narrow it by table" in page.text) == (503, True), path
        for path in ("/changes?text=x", "/changes/1-0-1", "/statistics", "/export"):
            answer = await get(app, f"/api/v1{path}")
            assert (answer.status_code, answer.json()["status"]) == (503, 503), path
            assert "Narrow it by table" in answer.json()["detail"]
            assert "Retry-After" not in answer.headers


async def test_a_count_that_takes_too_long_gives_what_was_counted(
    hurried: TrailQuestions,
) -> None:
    counted = await hurried.counter.count(TrailQuery(text="nothing"), at_most=10)

    assert counted == BoundedCount(0, is_exact=False)


async def test_a_question_of_a_row_gives_up_as_well() -> None:
    async with a_locked_trail() as (pool, config):
        questions = questions_to(postgres_readers(pool, config))

        for question in (
            questions.history.page(ROW),
            questions.row_at.at(ROW, NOON),
            questions.transaction.named("771"),
            questions.statistics.between(NOON - DAY, NOON),
        ):
            with pytest.raises(QueryTooWideError, match=r"gave up after 0\.2 s"):
                await question

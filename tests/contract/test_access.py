"""The contracts of `TokenStore` and `AccessLog`, over the fakes and PostgreSQL."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from adapters.memory.access import MemoryAccessLog, MemoryTokenStore
from adapters.postgres.access_store import PostgresAccessLog, PostgresTokenStore
from adapters.postgres.pool import open_pool
from application.access_log import AccessLog, Look
from application.access_tokens import NewToken, TokenStore
from domain.access import Role, TableScope
from tests.servers.postgres import scratch_database

NOW = 1_750_000_000_123_456
HOUR = 3_600_000_000

Kept = tuple[TokenStore, AccessLog]


@asynccontextmanager
async def in_memory() -> AsyncGenerator[Kept]:
    yield MemoryTokenStore(), MemoryAccessLog()


@asynccontextmanager
async def in_postgres() -> AsyncGenerator[Kept]:
    with scratch_database() as config:
        async with open_pool(config) as pool:
            yield PostgresTokenStore(pool, config), PostgresAccessLog(pool, config)


EVERY: list[Any] = [in_memory, pytest.param(in_postgres, marks=pytest.mark.postgres)]


@pytest.fixture(params=EVERY)
async def kept(request: pytest.FixtureRequest) -> AsyncGenerator[Kept]:
    opened: Callable[[], AbstractAsyncContextManager[Kept]] = request.param
    async with opened() as kept:
        yield kept


def a_new_token(name: str = "on-call") -> NewToken:
    return NewToken(
        name=name,
        role=Role.OPERATOR,
        tables=TableScope(("public.*", "Straße, {x}")),
        created_at=NOW,
        expires_at=NOW + HOUR,
    )


def a_look(**fields: Any) -> Look:  # noqa: ANN401 - any field
    values: dict[str, Any] = {
        "who": "on-call",
        "via": "token",
        "address": "127.0.0.1",
        "action": "GET /api/v1/changes",
        "query": "table=orders",
        "status": 200,
        "row_count": 12,
        **fields,
    }
    return Look(**values)


async def test_a_token_is_found_by_the_hash_of_its_secret_and_by_its_number(kept: Kept) -> None:
    tokens, _ = kept

    made = await tokens.add(a_new_token(), b"a" * 32)

    assert await tokens.find(b"a" * 32) == await tokens.get(made.id) == made
    assert (made.name, made.role, made.tables) == (
        "on-call",
        Role.OPERATOR,
        TableScope(("public.*", "Straße, {x}")),
    )
    assert (made.created_at, made.expires_at, made.revoked_at) == (NOW, NOW + HOUR, None)


async def test_there_is_no_token_of_another_hash_or_number(kept: Kept) -> None:
    tokens, _ = kept
    made = await tokens.add(a_new_token(), b"a" * 32)

    assert await tokens.find(b"b" * 32) is None
    assert await tokens.get(made.id + 1) is None


async def test_tokens_are_listed_the_newest_first(kept: Kept) -> None:
    tokens, _ = kept
    first = await tokens.add(a_new_token("first"), b"a" * 32)
    second = await tokens.add(a_new_token("second"), b"b" * 32)

    assert list(await tokens.list()) == [second, first]


async def test_a_token_is_revoked_once(kept: Kept) -> None:
    tokens, _ = kept
    made = await tokens.add(a_new_token(), b"a" * 32)

    revoked = [await tokens.revoke(made.id, NOW + 5), await tokens.revoke(made.id, NOW + 6)]

    found = await tokens.get(made.id)
    assert revoked == [True, False]
    assert found is not None
    assert found.revoked_at == NOW + 5


async def test_what_is_not_there_is_not_revoked(kept: Kept) -> None:
    assert not await kept[0].revoke(4711, NOW)


async def test_the_last_use_is_noted(kept: Kept) -> None:
    tokens, _ = kept
    made = await tokens.add(a_new_token(), b"a" * 32)

    await tokens.note_use(made.id, NOW + 7)

    found = await tokens.get(made.id)
    assert found is not None
    assert found.last_used_at == NOW + 7


async def test_looks_are_kept_and_listed_the_newest_first(kept: Kept) -> None:
    _, log = kept
    looks = [a_look(who=str(number), row_count=None, address=None) for number in range(3)]
    for look in looks:
        await log.write(look)

    assert list(await log.latest(2)) == [looks[2], looks[1]]


async def test_a_look_may_ask_for_anything(kept: Kept) -> None:
    _, log = kept

    await log.write(a_look(query="q='; DROP TABLE access_log; --\u20ac"))

    assert [look.query for look in await log.latest(1)] == ["q='; DROP TABLE access_log; --\u20ac"]


@pytest.mark.postgres
async def test_what_no_database_can_hold_is_written_visibly() -> None:
    async with in_postgres() as (_, log):
        await log.write(a_look(query="a\0b\ud800"))

        assert [look.query for look in await log.latest(1)] == ["a\\0b\\ud800"]

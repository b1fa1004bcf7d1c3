"""Tokens: made, checked, ended."""

import pytest

from adapters.memory.access import MemoryTokenStore
from application.access_tokens import AccessTokens
from domain.access import Role, token_hash
from domain.errors import ConfigurationError

DAY = 86_400_000_000


class Clock:
    """Shows the time that it was set to."""

    def __init__(self) -> None:
        self.now = 1_750_000_000_000_000

    def __call__(self) -> int:
        """The time."""
        return self.now


class Counted:
    """Gives bytes that are different each time, and not random."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, size: int) -> bytes:
        """So many bytes."""
        self.number += 1
        return self.number.to_bytes(size, "big")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> MemoryTokenStore:
    return MemoryTokenStore()


@pytest.fixture
def tokens(store: MemoryTokenStore, clock: Clock) -> AccessTokens:
    return AccessTokens(store, entropy=Counted(), clock=clock)


async def test_a_secret_opens_what_its_token_allows(tokens: AccessTokens) -> None:
    token, secret = await tokens.create("on-call", Role.OPERATOR, tables=["public.*"], days=7)

    found = await tokens.authenticate(secret)

    assert found == token
    principal = token.principal()
    assert (principal.name, principal.role) == ("on-call", Role.OPERATOR)
    assert principal.tables.sees("shop", "public", "orders")
    assert not principal.tables.sees("shop", "secret", "salaries")


async def test_only_the_hash_of_a_secret_is_kept(
    tokens: AccessTokens, store: MemoryTokenStore
) -> None:
    token, secret = await tokens.create("on-call", Role.READER)

    assert await store.find(token_hash(secret)) == token
    assert secret not in repr(vars(store))


async def test_every_token_has_another_secret(tokens: AccessTokens) -> None:
    secrets = {(await tokens.create("a", Role.READER))[1] for _ in range(5)}

    assert len(secrets) == 5


@pytest.mark.parametrize(("after", "opens"), [(7 * DAY - 1, True), (7 * DAY, False)])
async def test_a_token_ends_with_its_days(
    tokens: AccessTokens, clock: Clock, *, after: int, opens: bool
) -> None:
    token, secret = await tokens.create("on-call", Role.READER, days=7)
    clock.now += after

    found = [await tokens.authenticate(secret), await tokens.still_valid(token.id)]

    assert [one is not None for one in found] == [opens, opens]


async def test_a_revoked_token_ends_at_once(tokens: AccessTokens) -> None:
    token, secret = await tokens.create("on-call", Role.READER)

    revoked = [await tokens.revoke(token.id), await tokens.revoke(token.id)]

    assert revoked == [True, False]
    assert await tokens.authenticate(secret) is None
    assert await tokens.still_valid(token.id) is None


async def test_use_is_noted_to_the_minute(tokens: AccessTokens, clock: Clock) -> None:
    token, secret = await tokens.create("on-call", Role.READER)
    noted: list[int | None] = []
    for seconds in (0, 59, 2):
        clock.now += seconds * 1_000_000
        await tokens.authenticate(secret)
        noted += [one.last_used_at for one in await tokens.list()]

    assert noted == [token.created_at, token.created_at, token.created_at + 61_000_000]


@pytest.mark.parametrize(
    ("name", "days", "field"), [(" ", 7, "name"), ("a", 0, "days"), ("a", 367, "days")]
)
async def test_what_makes_no_token_is_said(
    tokens: AccessTokens, name: str, days: int, field: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        await tokens.create(name, Role.READER, days=days)

    assert refused.value.field == field
    assert not await tokens.list()


def test_a_role_may_do_what_lower_ones_may() -> None:
    assert [Role.OPERATOR.includes(other) for other in Role] == [True, True, False]

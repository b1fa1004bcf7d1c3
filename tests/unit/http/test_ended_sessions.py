"""Logging out, where the service runs more than once."""

from adapters.memory.access import MemoryAccessLog, MemoryEndedSessions, MemoryTokenStore
from domain.access import Role, token_hash
from domain.errors import ConnectionError  # noqa: A004 - the documented name
from entrypoints.http.access_config import AccessConfig
from entrypoints.http.page_access import page_access
from tests.unit.http.page_reading import app_over
from tests.unit.http.shop_story import a_shop
from tests.unit.http.visitors import Guarded, csrf_of, log_in


class KnownSessions(MemoryEndedSessions):
    """
    Sessions whose database can go away.

    Attributes:
        kept: What was asked to be kept.
    """

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[bytes] = []
        self.is_away = False

    async def end(self, session_hash: bytes) -> None:
        """Keep it, if the database can be reached."""
        if self.is_away:
            raise ConnectionError("no connection to the database")
        self.kept.append(session_hash)
        await super().end(session_hash)


class Replicas:
    """
    Two services over one database, which share the secret of their cookies.

    Attributes:
        ended: Sessions that have ended.
    """

    def __init__(self) -> None:
        self.ended = KnownSessions()
        config = AccessConfig(mode="tokens", session_secret="the same for both" * 2)
        config.validate()
        tokens, log = MemoryTokenStore(), MemoryAccessLog()
        self.here, self.there = Guarded(), Guarded()
        for replica in (self.here, self.there):
            replica.access = page_access(config, tokens, log, ended=self.ended)
            replica.app = app_over(a_shop(), access=replica.access)

    async def token(self) -> str:
        """The secret of a token that is good at both."""
        _, secret = await self.here.access.tokens.create("on-call", Role.READER)
        return secret


async def test_who_logs_out_at_one_replica_is_logged_out_of_all() -> None:
    replicas = Replicas()
    async with replicas.here.browser() as browser, replicas.there.browser() as copy:
        await log_in(browser, await replicas.token())
        copy.cookies.update(browser.cookies)
        before = await copy.get("/")
        await browser.post("/logout", data={"csrf": await csrf_of(browser)})

        after = await copy.get("/")

    assert (before.status_code, after.status_code) == (200, 303)


async def test_only_a_hash_of_the_session_is_kept() -> None:
    replicas = Replicas()
    async with replicas.here.browser() as browser:
        await log_in(browser, await replicas.token())
        secret = await csrf_of(browser)

        await browser.post("/logout", data={"csrf": secret})

    assert replicas.ended.kept == [token_hash(secret)]


async def test_a_session_that_nobody_opened_is_not_kept() -> None:
    replicas = Replicas()
    async with replicas.here.browser() as stranger:
        out = await stranger.post("/logout", data={"csrf": await csrf_of(stranger)})

    assert out.status_code == 303
    assert replicas.ended.kept == []


async def test_a_log_out_that_cannot_be_kept_says_so_and_ends_nothing() -> None:
    replicas = Replicas()
    replicas.ended.is_away = True
    async with replicas.here.browser() as browser:
        await log_in(browser, await replicas.token())

        out = await browser.post("/logout", data={"csrf": await csrf_of(browser)})
        page = await browser.get("/")

    assert (out.status_code, page.status_code) == (503, 200)

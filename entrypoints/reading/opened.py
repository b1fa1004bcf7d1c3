"""Whom the commands ask, opened for one question, and the look written down before its answer."""

import asyncio
import getpass
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar
from urllib.parse import urlencode

import msgspec
import typer

from adapters.postgres.access_store import PostgresAccessLog
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.driver_errors import as_repository_error
from adapters.postgres.pool import Access, SessionPool, open_pool
from adapters.postgres.schema_version import check_version
from adapters.postgres.trail_readers import postgres_readers
from application.access_log import Look
from application.questions import questions_to
from application.source_types import ColumnTypeCatalog
from domain.errors import RepositoryError
from entrypoints.http.api_parameters import BadParameterError
from entrypoints.reading.answers import Answers, NothingFoundError, SeveralFoundError
from entrypoints.reading.database_answers import DatabaseAnswers
from entrypoints.reading.dsn import read_dsn
from entrypoints.reading.where import Question, Where

T = TypeVar("T")

_OK, _NOT_FOUND = 200, 404


class Asked:
    """
    A trail that can be asked.

    Args:
        answers: Who answers.
        database: Where looks are written down; None where the service does that itself.
        question: What is asked.
    """

    def __init__(
        self, answers: Answers, database: DatabaseConfig | None, question: Question
    ) -> None:
        self.answers = answers
        self._database = database
        self._question = question
        self._is_told = False

    async def note(self, status: int, row_count: int | None, *, at_end: bool = False) -> None:
        """Write the look down; says once on standard error if the database does not let us."""
        if self._database is None:
            return
        given = {name: value for name, value in self._question.given.items() if value}
        look = Look(
            who=getpass.getuser(),
            via="dsn",
            address=None,
            action=f"cdc-audit {self._question.command}" + (" (end)" if at_end else ""),
            query=urlencode(given, errors="backslashreplace"),
            status=status,
            row_count=row_count,
        )
        try:
            async with open_pool(self._database, access=Access.WRITE) as pool:
                await PostgresAccessLog(pool, self._database).write(look)
        except RepositoryError as error:
            if not self._is_told:
                sys.stderr.write(f"cdc-audit: this look is not in the access log: {error}\n")
            self._is_told = True


def answer(
    where: Where,
    question: Question,
    ask: Callable[[Answers], Awaitable[T]],
    *,
    rows: Callable[[T], int],
) -> T:
    """
    Ask, and write the look down before the answer is shown.

    Args:
        where: Which trail.
        question: What is asked.
        ask: Asks it.
        rows: How many rows the answer has.

    Raises:
        BadParameter: The question fits several things, or an address is none.
        CdcAuditError: There is no answer.
    """

    async def asked() -> T:
        async with opened(where, question) as trail:
            try:
                found = await ask(trail.answers)
            except NothingFoundError:
                await trail.note(_NOT_FOUND, 0)
                raise
            await trail.note(_OK, rows(found))
            return found

    return asyncio.run(asked())


class Shown(msgspec.Struct):
    """
    How far a stream of changes is.

    Attributes:
        rows: Changes that were shown so far.
    """

    rows: int = 0


def stream(
    where: Where, question: Question, work: Callable[[Answers, Shown], Awaitable[None]]
) -> int:
    """
    Do work that shows changes while it goes on; gives how many it showed.

    The look is written down before it begins, and again with the number when it ends: also when
    somebody interrupts it, or whoever reads its output has read enough.
    """
    shown = Shown()

    async def done() -> None:
        async with opened(where, question) as trail:
            await trail.note(_OK, None)
            try:
                await work(trail.answers, shown)
            finally:
                await trail.note(_OK, shown.rows, at_end=True)

    try:
        asyncio.run(done())
    except BrokenPipeError:  # and nobody reads what Python would still write at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return shown.rows


@asynccontextmanager
async def opened(where: Where, question: Question) -> AsyncGenerator[Asked]:
    """
    Open the trail that `where` names.

    Raises:
        BadParameter: A part of the question cannot be understood, or fits several things.
    """
    if where.url is not None and (where.dsn is not None or where.config is not None):
        raise typer.BadParameter("give --url, or --dsn or --config: not both.")
    try:
        if where.url is not None:
            from entrypoints.reading.service_answers import open_service  # noqa: PLC0415 - only here

            async with open_service(where.url, where.token) as service:
                yield Asked(service, None, question)
            return
        database, catalog = _database(where)
        async with open_pool(database, access=Access.READ) as pool:
            await _check_tables(pool, database)
            readers = postgres_readers(pool, database)
            answers = DatabaseAnswers(questions_to(readers, catalog=catalog))
            yield Asked(answers, database, question)
    except (BadParameterError, SeveralFoundError) as error:
        raise typer.BadParameter(str(error)) from None


async def _check_tables(pool: SessionPool, database: DatabaseConfig) -> None:
    """Find out that the trail can be asked at all, before a look is written down in vain."""
    with as_repository_error(database):
        async with pool.lease() as session:
            await check_version(session)


def _database(where: Where) -> tuple[DatabaseConfig, ColumnTypeCatalog | None]:
    """The database, and the catalog of the source's types where the settings name one."""
    if where.dsn is not None:
        return read_dsn(where.dsn), None
    from entrypoints.settings import load_config  # noqa: PLC0415 - only where they are asked for
    from entrypoints.source_catalog import source_catalog  # noqa: PLC0415 - likewise

    settings = load_config(where.config)
    settings.validate()
    database = msgspec.structs.replace(settings.sink_database, pool_size=1)
    return database, source_catalog(settings.source_database, settings.origins)

"""Answers of a running service, by its `/api/v1`. Neither token nor password is in any error."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypeVar

import httpx2
import msgspec

from entrypoints.http.api_parameters import BadParameterError, Filters, read_table
from entrypoints.http.api_row_structs import (
    FoundRows,
    RowDiff,
    RowHistoryOut,
    RowState,
    TableDiff,
)
from entrypoints.http.api_structs import Change, ChangeDetail, ChangePage, Problem
from entrypoints.http.api_trail_structs import StatisticsOut, TrailHealthOut
from entrypoints.http.api_transaction_structs import Revert, Transactions, WholeTransaction
from entrypoints.http.page_times import iso
from entrypoints.reading.answers import (
    Named,
    NothingFoundError,
    NotServedError,
    Piece,
    Scope,
    Search,
    SeveralFoundError,
    TransactionName,
)
from entrypoints.reading.api_decoding import read_answer
from entrypoints.reading.choosing import Candidate, choose
from entrypoints.reading.exporting import Format

T = TypeVar("T")
Parameters = Mapping[str, str]

_TIMEOUT = 60.0
_OK, _NOT_FOUND, _CONFLICT, _UNPROCESSABLE = 200, 404, 409, 422
_RECONNECTS = 30
_PAUSE = 1.0
_MOST_CHANGES = "10000"


@asynccontextmanager
async def open_service(url: str, token: str | None) -> "AsyncGenerator[ServiceAnswers]":
    """
    Open a connection to the service at `url`.

    Raises:
        BadParameterError: It is no address of a service.
    """
    try:
        address = httpx2.URL(url)
    except httpx2.InvalidURL:
        raise BadParameterError("--url", "is no address. Write http://host:8080.") from None
    if address.scheme not in {"http", "https"} or not address.host or address.userinfo:
        raise BadParameterError(
            "--url", "must be as http://host:8080, without a user: --token says who asks."
        )
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    base = f"{str(address).rstrip('/')}/api/v1"
    async with httpx2.AsyncClient(base_url=base, headers=headers, timeout=_TIMEOUT) as client:
        yield ServiceAnswers(client, str(address))


class ServiceAnswers:
    """
    Answers over HTTP.

    Args:
        client: Asks the service's API.
        address: Where it is, for errors.
    """

    def __init__(self, client: httpx2.AsyncClient, address: str) -> None:
        self._client = client
        self._address = address

    async def change(self, change_id: str) -> ChangeDetail:
        """One change; see `Answers`."""
        return await self._get(f"/changes/{_segment(change_id)}", {}, ChangeDetail)

    async def search(self, search: Search) -> ChangePage:
        """A page of changes; see `Answers`."""
        paging = {"limit": str(search.limit), "before": search.before or ""}
        counted = {"count": "true"} if search.is_counted else {}
        return await self._get(
            "/changes", {**search.filters.used(), **paging, **counted}, ChangePage
        )

    async def export(
        self, filters: Filters, kind: Format, *, is_safe: bool
    ) -> AsyncGenerator[Piece]:
        """All changes that match, as a file; see `Answers`."""
        asked = {**filters.used(), "format": kind, **({"safe": "true"} if is_safe else {})}
        try:
            async with self._client.stream("GET", "/export", params=asked) as response:
                if response.status_code != _OK:
                    self._check(response.status_code, await response.aread())
                async for data in response.aiter_bytes():
                    yield Piece(data)
        except httpx2.HTTPError as error:
            raise self._silent(error) from None

    async def follow(self, filters: Filters, after: str) -> AsyncGenerator[Change]:
        """Changes as they are committed, over Server-Sent Events; see `Answers`."""
        failed = 0
        while True:
            try:
                async for cursor, change in self._events(filters, after):
                    after, failed = cursor, 0
                    if change is not None:
                        yield change
            except NotServedError:
                failed += 1
                if failed > _RECONNECTS:
                    raise
            await asyncio.sleep(_PAUSE)  # it was ended, or is away: go on behind what came

    async def history(self, row: Named, *, before: str | None, limit: int) -> RowHistoryOut:
        """A page of a history; see `Answers`."""
        paging = {"before": before or "", "limit": str(limit)}
        return await self._of_row("/rows/history", row, paging, RowHistoryOut)

    async def row_at(self, row: Named, at: int) -> RowState:
        """The row at a time; see `Answers`."""
        return await self._of_row("/rows/at", row, {"time": iso(at)}, RowState)

    async def row_before(self, row: Named, change_id: str) -> RowState:
        """The row before a change; see `Answers`."""
        change = (await self.change(change_id)).change
        found = await self._get("/rows", _named(row), FoundRows)
        if not any(one.table == change.table and one.key == change.key for one in found.rows):
            raise NothingFoundError(
                f"change {change_id} is not one of that row. `cdc-audit log` shows the ids of a "
                f"row's changes.",
                found.may_be_incomplete,
            )
        return await self._get("/rows/at", {"before": change_id}, RowState)

    async def compare_row(self, row: Named, *, earlier: int, later: int) -> RowDiff:
        """A row at two times; see `Answers`."""
        return await self._of_row("/rows/diff", row, _times(earlier, later), RowDiff)

    async def compare_table(self, table: Named, *, earlier: int, later: int) -> TableDiff:
        """A table at two times; see `Answers`."""
        times = _times(earlier, later)
        return await self._get("/tables/diff", {**_named(table), **times}, TableDiff)

    async def transaction(self, name: TransactionName) -> WholeTransaction:
        """A transaction; see `Answers`."""
        if name.change:
            path = f"/transactions/of/{_segment(name.change)}"
            return await self._get(path, {}, WholeTransaction)
        asked = {"id": name.id, "source": name.source, "limit": _MOST_CHANGES}
        found = await self._get("/transactions", asked, Transactions)
        if not found.transactions:
            raise NothingFoundError(
                f"the trail has no change of a transaction {name.id}.", found.may_be_incomplete
            )
        candidates = [
            Candidate(one.source, one.database, _microseconds(one.first))
            for one in found.transactions
        ]
        return found.transactions[choose(candidates, name.around)]

    async def statistics(self, since: int, until: int, *, table: str, limit: int) -> StatisticsOut:
        """What happened in an interval; see `Answers`."""
        asked = {"since": iso(since), "until": iso(until), "limit": str(limit)}
        bare = read_table(table)[1] or ""
        return await self._get("/statistics", {**asked, "table": bare}, StatisticsOut)

    async def health(self) -> TrailHealthOut:
        """What the trail says of itself; see `Answers`."""
        return await self._get("/health", {}, TrailHealthOut)

    async def put_back(self, change_id: str, scope: Scope) -> Revert:
        """The SQL that puts something back; see `Answers`."""
        return await self._get(f"/changes/{_segment(change_id)}/revert", {"of": scope}, Revert)

    async def _of_row(self, path: str, row: Named, asked: Parameters, kind: type[T]) -> T:
        """An answer about a row; where there is no such row, what the trail lacks."""
        try:
            return await self._get(path, {**_named(row), **asked}, kind)
        except NothingFoundError as error:
            found = await self._get("/rows", _named(row), FoundRows)
            raise NothingFoundError(str(error), found.may_be_incomplete) from None

    async def _get(self, path: str, asked: Parameters, kind: type[T]) -> T:
        given = {name: value for name, value in asked.items() if value}
        try:
            response = await self._client.get(path, params=given)
        except httpx2.HTTPError as error:
            raise self._silent(error) from None
        self._check(response.status_code, response.content)
        try:
            return read_answer(response.content, kind)
        except (msgspec.DecodeError, UnicodeError):
            raise NotServedError(
                f"{self._address} answered with something that is no answer of this program's "
                f"version: is it a cdc-audit service, and as new as this program?"
            ) from None

    async def _events(
        self, filters: Filters, after: str
    ) -> AsyncGenerator[tuple[str, Change | None]]:
        """One connection's events: cursor and change."""
        asked = {**filters.used(), "after": after}
        try:
            async with self._client.stream("GET", "/changes/stream", params=asked) as response:
                if response.status_code != _OK:
                    self._check(response.status_code, await response.aread())
                cursor, data = after, list[bytes]()
                async for line in _lines(response):
                    name, _, value = line.partition(b": ")
                    if name == b"id":
                        cursor = value.decode()
                    elif name == b"data":
                        data.append(value)
                    elif not line:
                        yield cursor, _decode_change(data)
                        data = []
        except httpx2.HTTPError as error:
            raise self._silent(error) from None

    def _check(self, status: int, content: bytes) -> None:
        if status == _OK:
            return
        try:
            problem = msgspec.json.decode(content, type=Problem)
        except (msgspec.DecodeError, UnicodeError):
            problem = Problem(title="", status=status, detail="it does not say why.")
        if status == _NOT_FOUND and problem.title:
            raise NothingFoundError(problem.detail)
        if status == _CONFLICT:
            raise SeveralFoundError(problem.detail)
        if status == _UNPROCESSABLE and problem.field is not None:
            raise BadParameterError(
                problem.field, problem.detail.removeprefix(f"{problem.field}: ")
            )
        raise NotServedError(f"{self._address} answered {status}: {problem.detail}")

    def _silent(self, error: httpx2.HTTPError) -> NotServedError:
        why = str(error) or type(error).__name__
        return NotServedError(f"the service at {self._address} cannot be asked now: {why}")


async def _lines(response: httpx2.Response) -> AsyncGenerator[bytes]:
    """Lines as events have them: JSON may hold other characters that end lines elsewhere."""
    rest = b""
    async for piece in response.aiter_bytes():
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line


def _decode_change(data: Sequence[bytes]) -> Change | None:
    return read_answer(b"\n".join(data), Change) if data else None


def _named(row: Named) -> Parameters:
    return {name: str(value) for name, value in msgspec.structs.asdict(row).items() if value}


def _times(earlier: int, later: int) -> Parameters:
    return {"earlier": iso(earlier), "later": iso(later)}


def _segment(change_id: str) -> str:
    """The id as a part of a path; what cannot be one is no id of any change."""
    if not change_id or not change_id.replace("-", "").isalnum() or not change_id.isascii():
        raise NothingFoundError(
            f"the trail has no change {change_id}. An id is stream-partition-offset, as "
            f"`cdc-audit log` and `cdc-audit search` show it."
        )
    return change_id


def _microseconds(time: str | None) -> int:
    if time is None:
        return 0
    return int(datetime.fromisoformat(time).timestamp() * 1_000_000)

"""Exports: everything that a search finds, as the trail is at one moment."""

from collections.abc import Sequence

import pytest

from application.trail_query import StoredRecord, TrailQuery
from domain.operation import OperationTypeEnum
from tests.builders import DAY, NOON, SECOND, a_record
from tests.contract.row_stories import keyed
from tests.contract.trail_writing import a_trail_of, keep, offsets, stream_of
from tests.contract.trails import Trail

DELETED = {"operation": OperationTypeEnum.DELETE, "transaction_id": "800"}


async def everything(trail: Trail, query: TrailQuery) -> Sequence[Sequence[StoredRecord]]:
    """The pages of an export, but for empty ones."""
    return [page async for page in trail.readers.exports.pages(query) if page]


async def test_an_export_gives_every_change_once_newest_first(trail: Trail) -> None:
    times = [NOON - 400 * DAY, NOON, NOON, NOON - SECOND, NOON - 2 * DAY, NOON, NOON - 40 * DAY]
    await a_trail_of(trail, *({"change_timestamp": time} for time in times))

    pages = await everything(trail, TrailQuery(limit=3))

    assert [offset for page in pages for offset in offsets(page)] == [5, 2, 1, 3, 4, 6, 0]
    assert max(map(len, pages)) == 3


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (TrailQuery(operation=OperationTypeEnum.DELETE), [3]),
        (TrailQuery(record_key='{"id":1}'), [2, 0]),
        (TrailQuery(record_key="1", source_table="orders"), [2, 0]),
        (TrailQuery(transaction_id="800"), [3]),
        (TrailQuery(since=NOON + SECOND, until=NOON + 3 * SECOND), [2, 1]),
        (TrailQuery(source_table="nothing"), []),
    ],
)
async def test_an_export_has_what_matches_and_nothing_else(
    trail: Trail, query: TrailQuery, expected: Sequence[int]
) -> None:
    changes = (keyed(1), keyed(2), keyed(1), {**keyed(2), **DELETED})
    await a_trail_of(
        trail,
        *({**change, "change_timestamp": NOON + n * SECOND} for n, change in enumerate(changes)),
    )

    pages = await everything(trail, query)

    assert [offset for page in pages for offset in offsets(page)] == expected


async def test_what_is_committed_during_an_export_is_not_in_it_whatever_its_time(
    trail: Trail,
) -> None:
    store = await trail.store()
    stream_id = await stream_of(store)
    times = {offset: NOON + offset * DAY for offset in range(6)}
    before = [a_record(o, stream_id=stream_id, change_timestamp=t) for o, t in times.items()]
    await keep(store, before)
    pages = trail.readers.exports.pages(TrailQuery(limit=1))

    found = list(await anext(pages))
    late = (NOON - DAY, NOON + DAY // 2, NOON + 9 * DAY)
    after = [a_record(6 + n, stream_id=stream_id, change_timestamp=t) for n, t in enumerate(late)]
    await keep(store, after)
    found += [stored async for page in pages for stored in page]

    assert offsets(found) == [5, 4, 3, 2, 1, 0]
    assert len([s for p in await everything(trail, TrailQuery()) for s in p]) == 9

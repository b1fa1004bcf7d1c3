"""Questions tell of what was delivered again, and count it once: over the fake and PostgreSQL."""

from application.trail_query import TrailQuery
from tests.contract.row_stories import offsets_of, order, questions
from tests.contract.test_redeliveries import a_change, deliver
from tests.contract.trail_writing import stream_of
from tests.contract.trails import Trail


async def a_trail_with_redeliveries(trail: Trail) -> int:
    """Give a trail in which the change at the offset 1 came again at the offset 2."""
    store = await trail.store()
    stream_id = await stream_of(store)
    for run, changes in (("a", ((0, 10), (1, 20))), ("b", ((2, 20), (3, 30)))):
        of = {"stream_id": stream_id, "transaction_id": "7"}
        await deliver(store, [a_change(offset, place, **of) for offset, place in changes], run)
    return stream_id


async def test_a_change_that_came_twice_is_told_once_and_names_its_repetition(
    trail: Trail,
) -> None:
    stream_id = await a_trail_with_redeliveries(trail)
    ask = questions(trail)

    page = await ask.history.page(order(1))
    change = await trail.reader.find(stream_id, 0, 1)
    assert change is not None
    transaction = await ask.transaction.of(change)
    count = await ask.counter.count(TrailQuery(), at_most=10)
    sums = await ask.statistics.between(0, 2**52)

    assert offsets_of([e.change for e in page.entries]) == [3, 1, 0]
    assert [list(e.repeats) for e in page.entries] == [[], [f"{stream_id}-0-2"], []]
    assert transaction is not None
    assert offsets_of(transaction.changes) == [0, 1, 3]
    assert count.number == 3
    assert sum(c.changes for c in sums.tables) == 3

"""A search by a whole key finds it by its hash, which the table that it is of is part of."""

from application.trail_query import TrailQuery
from domain.record_key import identity_prefix, key_hash
from tests.builders import a_record
from tests.contract.trail_writing import keep, offsets, stream_of
from tests.contract.trails import Trail

KEY = '{"id":42}'


async def test_a_key_is_found_in_a_table_that_came_after_the_last_search(trail: Trail) -> None:
    store = await trail.store()
    stream_id = await stream_of(store)
    found: list[list[int]] = []

    for offset, table in enumerate(["orders", "people", "orders"]):
        found.append(list(offsets(await trail.reader.search(TrailQuery(record_key=KEY)))))
        source = ("postgresql", "shop", "shop", "public", table)
        hashed = key_hash(identity_prefix(*source), KEY.encode())
        record = a_record(
            offset, stream_id=stream_id, source_table=table, record_key=KEY, key_hash=hashed
        )
        await keep(store, [record])
    found.append(list(offsets(await trail.reader.search(TrailQuery(record_key=KEY)))))

    assert found == [[], [0], [1, 0], [2, 1, 0]]

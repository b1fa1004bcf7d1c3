"""Names and keys that try to be SQL are names and keys: kept as they are, and found by them."""

from typing import Any

import pytest

from application.trail_query import Cursor, TrailQuery, ValueFilter
from domain.record_key import identity_prefix, key_hash
from domain.row_identity import row_of
from tests.builders import a_batch, a_log, a_quarantined_record, a_record
from tests.contract.trail_writing import keep, offsets, stored
from tests.contract.trails import Trail

HOSTILE = [
    "'; DROP TABLE audit_logging; --",
    '"; TRUNCATE kafka_offset CASCADE; --',
    "x' OR '1'='1",
    "%s %(name)s {} {0} %%",
    "\\'; SELECT pg_sleep(600); --",
    "$$; DELETE FROM processing_error; $$",
    "a\tb\nc\\.\n\\N",
    "/* */ -- \N{RIGHT SINGLE QUOTATION MARK}; COPY audit_logging FROM PROGRAM 'true'",
]


def named(name: str) -> dict[str, Any]:
    """The fields of a record that has `name` wherever its source decides what stands there."""
    text = name.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("\n", "\\n")
    key = f'{{"{text}":"{text}"}}'
    return {
        "source_name": name,
        "source_database": name,
        "source_schema": name,
        "source_table": name,
        "record_key": key,
        "key_hash": key_hash(identity_prefix("postgresql", name, name, name, name), key.encode()),
        "old_data": None,
        "new_data": key,
        "changed_columns": (name,),
        "change_user": name,
        "transaction_id": name,
    }


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_name_is_kept_and_found_as_it_is(trail: Trail, name: str) -> None:
    store = await trail.store()
    (claim,) = await store.claim([a_log(topic=name, cluster_id=name, topic_id=name, log_end=9)])
    stream_id = claim.partition.stream_id
    hostile = a_record(0, stream_id=stream_id, **named(name))
    other = a_record(1, stream_id=stream_id)
    await keep(store, [hostile, other])

    queries = (
        TrailQuery(source_table=name, source_schema=name, source_database=name, source_name=name),
        TrailQuery(record_key=hostile.record_key),
        TrailQuery(record_key=name),
        TrailQuery(change_user=name),
        TrailQuery(transaction_id=name),
        TrailQuery(changed_column=name),
        TrailQuery(column_value=ValueFilter(name, name)),
    )
    found = [offsets(await trail.reader.search(query)) for query in queries]
    followed, _ = await trail.reader.since(Cursor(), queries[0])
    counts = [(await trail.readers.counter.count(query, at_most=9)).number for query in queries]
    row = row_of(hostile)
    assert row is not None
    of_row = await trail.readers.rows.changes_of(row, limit=9)

    assert found == [[0]] * len(queries)
    assert counts == [1] * len(queries)
    assert [change.record for change in followed] == [hostile]
    assert [(change.record, change.topic) for change in of_row] == [(hostile, name)]


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_record_is_quarantined_as_it_is(trail: Trail, name: str) -> None:
    store = await trail.store()
    (claim,) = await store.claim([a_log(topic=name, log_end=9)])
    raw = name.encode()
    bad = a_quarantined_record(
        0,
        stream_id=claim.partition.stream_id,
        topic=name,
        key=raw,
        value=raw,
        headers=((name, raw),),
        error_type=name,
        error_message=name,
    )

    await stored(store, a_batch(await store.encoder(), quarantined=[bad]))

    assert list(await trail.quarantine()) == [(0, raw, raw, name)]

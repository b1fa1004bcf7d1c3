"""The view that people query: it never fails, and shows what is known."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.postgres.config import DatabaseConfig
from domain.jsonb_safety import escape_image, is_unsafe
from tests.builders import NOON, a_record
from tests.postgres.trails import a_store, a_trail, claim, keep, rows

pytestmark = pytest.mark.postgres

HARD_IMAGES = [
    r'{"a":"\u0000"}',
    r'{"a":"\ud800"}',
    r'{"a":"\udc00\ud800"}',
    r'{"\u0000":1}',
    '{"a":1e999999}',
    '{"a":1e400000}',
    '{"a":-1e-999999}',
    '{"a":' + "9" * 140_000 + "}",
    '{"a":' + "[" * 3_000 + "]" * 3_000 + "}",
    r'{"a":"\\u0000"}',
    '{"a":1.50,"a":2}',
    "{}",
]


def stored_image(text: str) -> str:
    """What a worker makes of an image before it is stored."""
    return escape_image(text)[0] if is_unsafe(text) else text


async def test_selecting_everything_never_fails(trail_database: DatabaseConfig) -> None:
    async with a_store(trail_database) as store:
        stream_id = await claim(store)
        records = [
            a_record(o, stream_id=stream_id, old_data=stored_image(i), new_data=stored_image(i))
            for o, i in enumerate(HARD_IMAGES)
        ]
        refused = await keep(store, records)

    found = rows(trail_database, "SELECT * FROM audit_trail")

    assert list(refused) == []
    assert len(found) == len(HARD_IMAGES)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(images=st.lists(st.dictionaries(st.text(), json_values, max_size=4), max_size=20))
def test_an_image_that_the_workers_call_safe_is_a_jsonb(
    trail_database: DatabaseConfig, images: list[dict[str, object]]
) -> None:
    texts = [msgspec.json.encode(image).decode() for image in images]
    safe = [stored_image(text) for text in texts]

    found = rows(
        trail_database, "SELECT image::json::jsonb FROM unnest(%s::text []) AS image", safe
    )

    assert len(found) == len(safe)


async def test_redeliveries_that_are_certain_are_left_out(trail_database: DatabaseConfig) -> None:
    stream_id = await a_trail(trail_database, 3)
    for offset, certainty in ((1, "certain"), (2, "possible")):
        rows(
            trail_database,
            "INSERT INTO audit_redelivery VALUES (%s, 0, %s, %s, 0, 0, %s)",
            stream_id,
            offset,
            stream_id,
            certainty,
        )

    found = rows(trail_database, "SELECT id FROM audit_trail ORDER BY kafka_offset")

    assert found == [(f"{stream_id}-0-0",), (f"{stream_id}-0-2",)]


async def test_the_context_of_a_transaction_is_shown_with_each_of_its_changes(
    trail_database: DatabaseConfig,
) -> None:
    week = 7 * 86_400_000_000
    async with a_store(trail_database) as store:
        stream_id = await claim(store)
        of = {"stream_id": stream_id, "transaction_id": "771"}
        await keep(
            store,
            [
                a_record(0, **of),
                a_record(1, **of),
                a_record(2, stream_id=stream_id, transaction_id="772"),
                a_record(3, **of, source_database="another"),
                a_record(4, **of, change_timestamp=NOON + 2 * week),  # the id came round again
                a_record(5, stream_id=stream_id),
            ],
        )
    rows(
        trail_database,
        "INSERT INTO audit_context (stream_id, kafka_partition, kafka_offset, cluster_id, "
        "source_name, source_database, transaction_id, change_timestamp, change_user, context) "
        "VALUES (%s, 1, 7, 'cluster', 'shop', 'shop', '771', '2023-11-14 22:13:20+00', 'ann', "
        """'{"request": 1}')""",
        stream_id,
    )

    found = rows(
        trail_database,
        "SELECT kafka_offset, change_user, context FROM audit_trail ORDER BY kafka_offset",
    )

    assert found == [
        (0, "ann", {"request": 1}),
        (1, "ann", {"request": 1}),
        (2, None, None),
        (3, None, None),
        (4, None, None),
        (5, None, None),
    ]


async def test_accounting_shows_each_partition_and_nothing_unaccounted(
    trail_database: DatabaseConfig,
) -> None:
    stream_id = await a_trail(trail_database, 3)

    found = rows(
        trail_database,
        "SELECT topic, partition, first_offset, next_offset, audited, unaccounted "
        "FROM audit_accounting WHERE stream_id = %s",
        stream_id,
    )

    assert found == [("shop.public.orders", 0, 0, 3, 3, 0)]

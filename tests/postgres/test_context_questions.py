"""Who made a change may stand beside it: searches and sums ask the context of its transaction."""

import psycopg
import pytest

from application.trail_query import TrailQuery
from tests.builders import NOON
from tests.contract.row_stories import keyed, questions
from tests.contract.trail_writing import a_trail_of, offsets
from tests.contract.trails import PostgresTrailUnderTest, in_postgres

pytestmark = pytest.mark.postgres

_CONTEXT = """
INSERT INTO audit_context (
    stream_id, kafka_partition, kafka_offset, cluster_id, source_name, source_database,
    transaction_id, change_timestamp, change_user
)
VALUES (1, 0, 90, 'cluster', 'shop', 'shop', '771', %s, 'maria'),
    (1, 0, 91, 'cluster', 'other', 'shop', '772', %s, 'maria')
"""


async def test_the_user_of_a_transaction_is_that_of_its_changes() -> None:
    async with in_postgres() as trail:
        assert isinstance(trail, PostgresTrailUnderTest)
        await a_trail_of(
            trail,
            keyed(1, transaction_id="771", change_timestamp=NOON),
            keyed(2, transaction_id="771", change_user="ed", change_timestamp=NOON),
            keyed(
                3, transaction_id="772", change_timestamp=NOON
            ),  # whose context is another source's
            keyed(4, change_timestamp=NOON),
        )
        noon = "2023-11-14T22:13:20+00:00"
        with psycopg.connect(trail.config.conninfo, autocommit=True) as server:
            server.execute(_CONTEXT, [noon, noon])

        by_maria = await trail.reader.search(TrailQuery(change_user="maria"))
        by_ed = await trail.reader.search(TrailQuery(change_user="ed"))
        sums = await questions(trail).statistics.between(NOON, NOON + 1)

    assert offsets(by_maria) == [0]
    assert offsets(by_ed) == [1]
    assert sums.writers == [(None, 2), ("ed", 1), ("maria", 1)]

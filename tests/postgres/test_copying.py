"""How rows are sent: the server has some to work on before anybody turns to other things."""

import time

import pytest

from adapters.postgres.config import DatabaseConfig
from application.ports import RowEncoder
from domain.transformed import TransformedBatch
from tests.builders import a_batch, a_consumed_batch, a_record
from tests.postgres.trails import a_store, claim, rows
from tests.servers.postgres import trail_database

pytestmark = pytest.mark.postgres

__all__ = ["trail_database"]

UNDER_WAY = "SELECT tuples_processed FROM pg_stat_progress_copy"
PATIENCE = 10.0


def three_megabytes(encoder: RowEncoder, stream_id: int) -> TransformedBatch:
    text = '{"text":"' + "x" * 100_000 + '"}'
    return a_batch(encoder, [a_record(o, stream_id=stream_id, new_data=text) for o in range(30)])


async def test_the_server_works_on_the_first_rows_while_others_are_told_that_they_go_out(
    trail_database: DatabaseConfig,
) -> None:
    seen: list[int] = []

    def look_for_long() -> None:  # nothing else of this process goes on meanwhile
        give_up = time.monotonic() + PATIENCE
        while not seen and time.monotonic() < give_up:
            seen.extend(n for (n,) in rows(trail_database, UNDER_WAY) if n)
            time.sleep(0.01)

    async with a_store(trail_database) as store:
        batch = three_megabytes(await store.encoder(), await claim(store))
        await store.append(batch, a_consumed_batch(batch), sending=look_for_long)

    assert seen
    assert rows(trail_database, "SELECT count(*) FROM audit_logging") == [(30,)]

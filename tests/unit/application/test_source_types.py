"""Learning types from the source's catalog: when it is asked, and what is done with the answer."""

import logging

import pytest

from adapters.debezium.decoder import DebeziumDecoder
from adapters.memory.batch_transformer import MemoryBatchTransformer
from adapters.memory.column_type_catalog import MemoryColumnTypeCatalog
from adapters.memory.row_encoder import MemoryRowEncoder, split_rows
from application.source_types import PAUSE, SOONEST, LearningTransformer
from domain.consumed import ConsumedBatch, PartitionSlice
from domain.source_types import SourceType
from domain.stream import StreamPartition
from tests.unit.debezium.records import TOPIC, a_consumed, an_envelope, as_bytes

REFRESH = 10.0
TABLE = "inventory.public.customers"
SCHEMA_CHANGE = b'{"source":{},"databaseName":"inventory","ddl":"ALTER","tableChanges":[]}'


class Clock:
    """A clock that a test puts forward."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


class Learning:
    """A learning transformer over a catalog, with a clock."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.catalog = MemoryColumnTypeCatalog({TABLE: {"n": SourceType("numeric(10,2)")}})
        self.inner = MemoryBatchTransformer(DebeziumDecoder(), MemoryRowEncoder())
        self.transformer = LearningTransformer(
            self.inner, self.catalog, refresh=REFRESH, clock=self.clock
        )

    async def decoded(self, value: object) -> str | None:
        """What becomes of a record's new row."""
        record = a_consumed(value)
        part = PartitionSlice(StreamPartition(1, 0, TOPIC), 7, 8, [record])
        size = len(as_bytes(value) or b"")
        batch = await self.transformer.transform(ConsumedBatch([part], size, 0.0))
        rows = list(split_rows(batch.rows))
        return rows[0].new_data if rows else None

    def alter(self, text: str) -> None:
        """Give the column another type."""
        self.catalog.tables[TABLE]["n"] = SourceType(text)


@pytest.fixture
def learning() -> Learning:
    return Learning()


N = an_envelope("c", after={"n": "bg=="})
M = an_envelope("c", after={"m": "bg=="})
MESSAGE = an_envelope("c", after=None) | {"op": "d", "before": None}


async def test_the_first_batch_that_needs_types_is_decoded_with_them(learning: Learning) -> None:
    assert await learning.decoded(N) == '{"n":"1.10"}'
    assert learning.catalog.asked == 1


async def test_the_catalog_is_not_asked_where_nothing_needs_types(learning: Learning) -> None:
    assert await learning.decoded(MESSAGE) is None
    assert await learning.decoded(SCHEMA_CHANGE) is None

    assert learning.catalog.asked == 0


async def test_a_batch_is_transformed_once_when_its_types_are_known(learning: Learning) -> None:
    await learning.decoded(N)
    learning.inner.batches.clear()

    await learning.decoded(N)

    assert len(learning.inner.batches) == 1
    assert learning.catalog.asked == 1


async def test_after_some_seconds_the_catalog_is_asked_first(learning: Learning) -> None:
    await learning.decoded(N)
    learning.alter("numeric(10,4)")
    learning.clock.now += REFRESH

    assert await learning.decoded(N) == '{"n":"0.0110"}'


async def test_a_column_that_is_new_is_looked_for_at_once(learning: Learning) -> None:
    await learning.decoded(N)
    learning.catalog.tables[TABLE]["m"] = SourceType("numeric(10,1)")
    learning.clock.now += SOONEST

    assert await learning.decoded(M) == '{"m":"11.0"}'


async def test_a_schema_change_makes_it_look_at_once(learning: Learning) -> None:
    await learning.decoded(N)
    learning.alter("numeric(10,4)")
    learning.clock.now += SOONEST

    await learning.decoded(SCHEMA_CHANGE)

    assert await learning.decoded(N) == '{"n":"0.0110"}'


async def test_what_stays_unknown_does_not_flood_the_catalog(learning: Learning) -> None:
    for _ in range(5):
        assert await learning.decoded(M) == '{"m":"bg=="}'

    assert learning.catalog.asked == 1


async def test_what_stays_unknown_is_transformed_once(learning: Learning) -> None:
    await learning.decoded(M)
    learning.inner.batches.clear()
    learning.clock.now += SOONEST

    await learning.decoded(M)

    assert learning.catalog.asked == 2
    assert len(learning.inner.batches) == 1


async def test_without_the_catalog_values_stay_as_they_are(
    learning: Learning, caplog: pytest.LogCaptureFixture
) -> None:
    learning.catalog.available = False

    with caplog.at_level(logging.INFO):
        assert await learning.decoded(N) == '{"n":"bg=="}'
        learning.clock.now += PAUSE
        assert await learning.decoded(N) == '{"n":"bg=="}'

    assert [record.levelname for record in caplog.records] == ["WARNING"]


async def test_a_catalog_that_was_away_is_left_alone_for_a_while(learning: Learning) -> None:
    learning.catalog.available = False
    await learning.decoded(N)
    learning.catalog.available = True
    learning.clock.now += PAUSE - 1

    early = await learning.decoded(N)
    learning.clock.now += 1
    late = await learning.decoded(N)

    assert (early, late) == ('{"n":"bg=="}', '{"n":"1.10"}')


async def test_what_was_learned_is_kept_while_the_catalog_is_away(learning: Learning) -> None:
    await learning.decoded(N)
    learning.catalog.available = False
    learning.clock.now += REFRESH

    assert await learning.decoded(N) == '{"n":"1.10"}'


def test_it_works_where_the_other_works(learning: Learning) -> None:
    assert learning.transformer.engine == learning.inner.engine

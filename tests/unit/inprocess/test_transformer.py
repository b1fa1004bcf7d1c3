"""Transforming in this process keeps the event loop turning, one batch at a time."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from adapters.inprocess.transformer import SMALL, SMALL_BYTES, InProcessTransformer
from adapters.memory.row_encoder import MemoryRowEncoder
from domain.audit_record import AuditRecord
from domain.consumed import ConsumedBatch, ConsumedRecord
from domain.control import ControlMessage, SkippedRecord
from tests.pipelines import PATIENCE, PlainDecoder, until
from tests.unit.ray.records import a_batch_of, a_slice, numbered, transformed_here

TINY = a_batch_of(a_slice(b"one"))
MANY = a_batch_of(a_slice(*numbered(SMALL + 1)))
HEAVY = a_batch_of(a_slice(b"x" * (SMALL_BYTES + 1)))
BLOCKING = a_batch_of(a_slice(b"block", *numbered(SMALL)))


class WatchedDecoder(PlainDecoder):
    """Notes which threads decode, and waits at a record ``block`` until it is let go."""

    def __init__(self) -> None:
        self.threads: set[int] = set()
        self.at_work = 0
        self.most_at_work = 0
        self.blocks = threading.Event()
        self.let_go = threading.Event()

    def decode(
        self, record: ConsumedRecord, stream_id: int
    ) -> AuditRecord | ControlMessage | SkippedRecord:
        """Decode, as the port has it."""
        self.threads.add(threading.get_ident())
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        if record.value == b"block":
            self.blocks.set()
            assert self.let_go.wait(PATIENCE)
        result = super().decode(record, stream_id)
        self.at_work -= 1
        return result


@pytest.fixture
def decoder() -> Iterator[WatchedDecoder]:
    decoder = WatchedDecoder()
    yield decoder
    decoder.let_go.set()


@pytest.fixture
def transformer(decoder: WatchedDecoder) -> Iterator[InProcessTransformer]:
    transformer = InProcessTransformer(decoder, MemoryRowEncoder())
    yield transformer
    transformer.close()


async def test_a_small_batch_is_done_at_once(
    transformer: InProcessTransformer, decoder: WatchedDecoder
) -> None:
    result = await transformer.transform(TINY)

    assert result == transformed_here(TINY)
    assert decoder.threads == {threading.get_ident()}


@pytest.mark.parametrize("batch", [MANY, HEAVY], ids=["many records", "many bytes"])
async def test_a_large_batch_leaves_the_event_loop_alone(
    transformer: InProcessTransformer, decoder: WatchedDecoder, batch: ConsumedBatch
) -> None:
    await transformer.transform(batch)

    assert threading.get_ident() not in decoder.threads


async def test_the_loop_turns_while_a_large_batch_is_transformed(
    transformer: InProcessTransformer, decoder: WatchedDecoder
) -> None:
    large = asyncio.create_task(transformer.transform(BLOCKING))

    await until(decoder.blocks.is_set)

    assert not large.done()
    decoder.let_go.set()
    assert (await large).row_count == SMALL + 1


async def test_a_small_batch_waits_its_turn_while_the_decoder_is_busy(
    transformer: InProcessTransformer, decoder: WatchedDecoder
) -> None:
    large = asyncio.create_task(transformer.transform(BLOCKING))
    await until(decoder.blocks.is_set)
    small = asyncio.create_task(transformer.transform(TINY))
    await asyncio.sleep(0)  # it has come as far as it can
    decoder.let_go.set()

    results = await asyncio.gather(large, small)

    assert [result.row_count for result in results] == [SMALL + 1, 1]
    assert decoder.most_at_work == 1


async def test_a_closed_one_finishes_what_it_does_and_waits_for_nothing(
    decoder: WatchedDecoder,
) -> None:
    transformer = InProcessTransformer(decoder, MemoryRowEncoder())
    large = asyncio.create_task(transformer.transform(BLOCKING))
    await until(decoder.blocks.is_set)

    transformer.close()

    assert not large.done()
    decoder.let_go.set()
    assert (await large).row_count == SMALL + 1


async def test_decoding_that_may_wait_for_others_never_holds_up_the_loop(
    decoder: WatchedDecoder,
) -> None:
    transformer = InProcessTransformer(decoder, MemoryRowEncoder(), may_block=True)

    await transformer.transform(TINY)
    transformer.close()

    assert threading.get_ident() not in decoder.threads

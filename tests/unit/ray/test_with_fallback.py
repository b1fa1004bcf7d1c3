"""Work goes on while a transformer comes and goes: over one that does so on command."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn

import pytest

from adapters.memory.batch_transformer import MemoryBatchTransformer
from adapters.ray.choice import Engine, MeasuredChoice, Situation
from adapters.ray.frames import CrewSize
from adapters.ray.with_fallback import SMALL, SMALL_BYTES, TransformerWithFallback
from application.patience import BackOff
from domain.consumed import ConsumedBatch
from domain.errors import ConfigurationError, TransformerUnavailableError
from tests.pipelines import until
from tests.unit.ray.records import a_batch_of, a_slice, a_work, numbered, transformed_here

LARGE = a_batch_of(a_slice(*numbered(SMALL)))
TINY = a_batch_of(a_slice(b"one"))
HEAVY = a_batch_of(a_slice(b"x" * (SMALL_BYTES + 1)))


class Passing(MemoryBatchTransformer):
    """A transformer that goes when it is told to."""

    def __init__(self) -> None:
        super().__init__(a_work().decoder, a_work().encoder)
        self.end: asyncio.Future[NoReturn] = asyncio.get_running_loop().create_future()
        self.crew = CrewSize(now=1, least=0, most=2)
        self.grown = 0

    @property
    def engine(self) -> str:
        """As Ray's."""
        return "ray"

    async def grow(self) -> None:
        """Count it."""
        self.grown += 1

    async def wait_until_gone(self) -> NoReturn:
        """Wait until told."""
        await self.end
        raise AssertionError("the end is an error")

    def go(self, error: Exception) -> None:
        """Be gone, for this reason."""
        self.available = False
        self.end.set_exception(error)


class ToRay(MeasuredChoice):
    """Whatever was measured, it goes to Ray."""

    def best(self, topic: str, situation: Situation) -> Engine:
        """Ray."""
        del topic, situation
        return Engine.RAY


class Place:
    """
    Where the passing transformer is opened, and the one that uses it.

    Attributes:
        refuse: Raised instead of opening.
        may_open: Opening waits for it.
        opened: Every transformer that was opened, the last one last.
        tries: How often it was to be opened.
        closed: How many were closed.
        keeping: The task that opens it.
    """

    def __init__(self) -> None:
        self.refuse: Exception | None = None
        self.may_open = asyncio.Event()
        self.may_open.set()
        self.opened: list[Passing] = []
        self.tries = 0
        self.closed = 0
        self.keeping: asyncio.Task[None] | None = None
        work = a_work()
        self.fallback = MemoryBatchTransformer(work.decoder, work.encoder)
        self.transformer = TransformerWithFallback(
            self.open, self.fallback, choice=ToRay(), back_off=BackOff(first=0.001, longest=0.002)
        )

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Passing]:
        """Open one."""
        self.tries += 1
        await self.may_open.wait()
        if self.refuse is not None:
            raise self.refuse
        self.opened.append(Passing())
        try:
            yield self.opened[-1]
        finally:
            self.closed += 1

    def begin(self) -> None:
        """Open it for the first time, if it was not yet."""
        if self.keeping is None:
            self.keeping = asyncio.create_task(self.transformer.keep_open())

    async def until_up(self) -> Passing:
        """Wait until the transformer is up."""
        self.begin()
        await until(lambda: self.transformer.engine == "ray")
        return self.opened[-1]


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    place = Place()
    yield place
    assert place.keeping is not None
    place.keeping.cancel()
    await asyncio.wait([place.keeping])
    assert place.closed == len(place.opened)


async def test_it_works_in_process_while_ray_is_starting(place: Place) -> None:
    place.may_open.clear()
    place.begin()

    result = await place.transformer.transform(LARGE)

    assert result == transformed_here(LARGE)
    assert place.transformer.engine == "inprocess (ray is starting)"
    assert place.fallback.batches == [LARGE]


async def test_it_takes_ray_as_soon_as_it_is_up(place: Place) -> None:
    ray = await place.until_up()

    result = await place.transformer.transform(LARGE)

    assert result == transformed_here(LARGE)
    assert (ray.batches, place.fallback.batches) == ([LARGE], [])


async def test_what_is_small_stays_in_process(place: Place) -> None:
    ray = await place.until_up()

    await place.transformer.transform(TINY)

    assert (ray.batches, place.fallback.batches) == ([], [TINY])


@pytest.mark.parametrize("batch", [LARGE, HEAVY], ids=["many records", "many bytes"])
async def test_what_is_large_goes_to_ray(place: Place, batch: ConsumedBatch) -> None:
    ray = await place.until_up()

    await place.transformer.transform(batch)

    assert (ray.batches, place.fallback.batches) == ([batch], [])


async def test_a_batch_that_finds_ray_gone_is_transformed_in_process_at_once(place: Place) -> None:
    ray = await place.until_up()
    place.may_open.clear()
    ray.available = False

    result = await place.transformer.transform(LARGE)

    assert result == transformed_here(LARGE)
    assert place.transformer.engine.startswith("inprocess (ray is gone: the in-memory workers")


async def test_ray_that_goes_without_a_batch_is_noticed_too(place: Place) -> None:
    ray = await place.until_up()
    place.may_open.clear()

    ray.go(TransformerUnavailableError("the raylet has ended"))

    await until(lambda: place.tries == 2)
    assert place.transformer.engine == "inprocess (ray is gone: the raylet has ended)"


async def test_ray_that_went_is_opened_again(place: Place) -> None:
    (await place.until_up()).go(TransformerUnavailableError("the raylet has ended"))
    await until(lambda: len(place.opened) == 2)
    ray = await place.until_up()

    await place.transformer.transform(LARGE)

    assert ray.batches == [LARGE]


async def test_ray_that_does_not_come_is_tried_again_and_again(place: Place) -> None:
    place.refuse = TransformerUnavailableError("no memory for it")
    place.begin()
    await until(lambda: place.tries >= 3)
    engine = place.transformer.engine
    place.refuse = None

    await place.until_up()

    assert engine == "inprocess (ray is gone: no memory for it)"


async def test_a_refused_ray_is_not_tried_again_and_work_goes_on(place: Place) -> None:
    ray = await place.until_up()
    ray.go(ConfigurationError("ray.address", "a worker runs cdc-audit 9"))
    await until(lambda: place.transformer.engine.startswith("inprocess"))

    result = await place.transformer.transform(LARGE)

    assert result == transformed_here(LARGE)
    assert place.tries == 1
    assert place.transformer.engine == (
        "inprocess (ray is refused: ray.address: a worker runs cdc-audit 9)"
    )


async def test_the_reason_is_one_short_line(place: Place) -> None:
    ray = await place.until_up()
    place.may_open.clear()

    ray.go(TransformerUnavailableError("it failed\nafter " + "x" * 1000))

    await until(lambda: place.tries == 2)
    engine = place.transformer.engine
    assert engine.startswith("inprocess (ray is gone: it failed after xxx")
    assert len(engine) < 300


async def test_without_workers_a_burst_asks_for_one_and_is_done_here(place: Place) -> None:
    ray = await place.until_up()
    ray.crew = CrewSize(now=0, least=0, most=2)

    results = await asyncio.gather(*(place.transformer.transform(LARGE) for _ in range(2)))

    assert results == [transformed_here(LARGE)] * 2
    assert (ray.batches, ray.grown) == ([], 1)  # the first of them was alone


async def test_what_busy_workers_would_let_wait_is_done_here(place: Place) -> None:
    ray = await place.until_up()

    await asyncio.gather(*(place.transformer.transform(LARGE) for _ in range(5)))

    assert len(ray.batches) == 2  # one in work, one in front of it
    assert len(place.fallback.batches) == 3


async def test_what_waits_for_all_workers_that_there_may_be_is_not_done_here(
    place: Place,
) -> None:
    ray = await place.until_up()
    ray.crew = CrewSize(now=2, least=0, most=2)

    await asyncio.gather(*(place.transformer.transform(LARGE) for _ in range(5)))

    assert len(ray.batches) == 5


async def test_it_tells_how_many_batches_keep_all_workers_busy(place: Place) -> None:
    ray = await place.until_up()
    ray.crew = CrewSize(now=3, least=1, most=4)
    before = place.transformer.load()

    calls = [asyncio.create_task(place.transformer.transform(LARGE)) for _ in range(2)]
    await asyncio.sleep(0)
    during = place.transformer.load()
    await asyncio.gather(*calls)
    after = place.transformer.load()

    assert (before.actors, before.least, before.most) == (3, 1, 4)
    assert (before.under_way, before.worth_under_way) == (0, 0)
    assert (during.under_way, during.worth_under_way) == (2, 4)
    assert (after.under_way, after.worth_under_way) == (0, 0)
    assert after.decisions == {("ray", "quiet"): 1, ("ray", "burst"): 1}


async def test_a_batch_that_is_done_here_counts_into_the_time_of_this_process(
    place: Place,
) -> None:
    place.may_open.clear()
    place.begin()

    await place.transformer.transform(LARGE)
    await place.transformer.transform(TINY)

    load = place.transformer.load()
    assert load.decisions == {("inprocess", "quiet"): 1, ("inprocess", "small"): 1}
    assert load.seconds["inprocess"] > 0

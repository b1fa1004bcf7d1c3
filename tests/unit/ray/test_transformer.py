"""What the Ray transformer does when workers are lost: over workers that are lost on command."""

from collections.abc import Sequence
from typing import NoReturn

import pytest

from adapters.ray.errors import WorkerLostError
from adapters.ray.frames import CrewSize
from adapters.ray.shipped_slices import unpack_slices
from adapters.ray.transformer import ATTEMPTS, RayTransformer
from domain.consumed import ConsumedBatch
from domain.errors import TransformerUnavailableError
from tests.unit.ray.records import a_batch_of, a_slice, a_work, numbered, transformed_here


class LosableWorkers:
    """
    Workers in this process.

    Args:
        accidents: How many of the first calls are lost, whatever they carry.

    Attributes:
        calls: The values that each call carried.
        gone: Whether all of them are gone.
    """

    def __init__(self, *, accidents: int = 0) -> None:
        self._work = a_work()
        self._accidents = accidents
        self.calls: list[Sequence[bytes | None]] = []
        self.gone = False

    @property
    def crew(self) -> CrewSize:
        """As many as one likes."""
        return CrewSize(now=1, least=1, most=1)

    async def grow(self) -> None:
        """There is one."""

    async def transform(self, packed: bytes) -> bytes:
        """Transform; a record ``exit`` loses the worker."""
        if self.gone:
            raise TransformerUnavailableError("gone")
        values = [r.value for part in unpack_slices(packed) for r in part.records]
        self.calls.append(values)
        if b"exit" in values or len(self.calls) <= self._accidents:
            raise WorkerLostError("exit code 7")
        return self._work(packed)

    async def wait_until_gone(self) -> NoReturn:
        """Say that they are gone."""
        raise TransformerUnavailableError("gone")


def without(batch: ConsumedBatch, value: bytes) -> ConsumedBatch:
    """The batch with poison in place of `value`, for comparing everything else."""
    (part,) = batch.slices
    return a_batch_of(a_slice(*(b"bad" if r.value == value else r.value for r in part.records)))


async def test_a_batch_survives_workers_that_are_lost_by_accident() -> None:
    workers = LosableWorkers(accidents=ATTEMPTS - 1)
    batch = a_batch_of(a_slice(*numbered(10)))

    result = await RayTransformer(workers, a_work()).transform(batch)

    assert result == transformed_here(batch)
    assert len(workers.calls) == ATTEMPTS


async def test_accidents_beyond_the_attempts_quarantine_nothing() -> None:
    workers = LosableWorkers(accidents=ATTEMPTS + 2)
    batch = a_batch_of(a_slice(*numbered(10)))

    result = await RayTransformer(workers, a_work()).transform(batch)

    assert result == transformed_here(batch)


@pytest.mark.parametrize("place", [0, 1, 6, 11, 12])
async def test_a_record_that_kills_its_workers_is_quarantined_alone(place: int) -> None:
    values = numbered(13)
    values[place] = b"exit"
    batch = a_batch_of(a_slice(*values))

    result = await RayTransformer(LosableWorkers(), a_work()).transform(batch)

    (quarantined,) = result.quarantined
    assert (quarantined.kafka_offset, quarantined.value) == (place, b"exit")
    assert quarantined.error_type == "WorkerKilledError"
    harmless = transformed_here(without(batch, b"exit"))
    assert (result.rows, result.advances) == (harmless.rows, harmless.advances)


async def test_a_batch_of_killers_only_ends_in_the_quarantine() -> None:
    batch = a_batch_of(a_slice(b"exit", b"exit", b"exit"))

    result = await RayTransformer(LosableWorkers(), a_work()).transform(batch)

    assert [q.kafka_offset for q in result.quarantined] == [0, 1, 2]
    assert result.row_count == 0


async def test_a_single_record_is_judged_only_after_all_attempts() -> None:
    workers = LosableWorkers(accidents=ATTEMPTS - 1)

    result = await RayTransformer(workers, a_work()).transform(a_batch_of(a_slice(b"fine")))

    assert result.row_count == 1
    assert not result.quarantined


async def test_a_killer_costs_a_number_of_workers_that_grows_with_the_logarithm() -> None:
    workers = LosableWorkers()
    values = numbered(1024)
    values[700] = b"exit"

    await RayTransformer(workers, a_work()).transform(a_batch_of(a_slice(*values)))

    lost = [values for values in workers.calls if b"exit" in values]
    assert len(lost) == ATTEMPTS + 9 + ATTEMPTS


async def test_workers_that_are_gone_are_no_fault_of_the_records() -> None:
    workers = LosableWorkers()
    workers.gone = True

    with pytest.raises(TransformerUnavailableError):
        await RayTransformer(workers, a_work()).transform(a_batch_of(a_slice(b"exit")))

"""A real Ray: killed, hung, refused, half-started; nothing is lost, and nothing is left of it."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
import pytest

from adapters.memory.batch_transformer import MemoryBatchTransformer
from adapters.ray.config import RayConfig
from adapters.ray.driver_process import DriverProcess, driver_process
from adapters.ray.frames import Order
from adapters.ray.opening import open_ray_transformer, open_workers
from adapters.ray.transformer import RayTransformer
from adapters.ray.versions import Versions, our_versions
from adapters.ray.with_fallback import SMALL, TransformerWithFallback
from domain.errors import ConfigurationError, TransformerUnavailableError
from tests.pipelines import until
from tests.processes import descendants, is_alive
from tests.unit.ray.records import (
    a_batch_of,
    a_slice,
    a_work,
    numbered,
    transformed_here,
)

pytestmark = pytest.mark.ray

CONFIG = RayConfig(workers=2, object_store_bytes=100 * 1024 * 1024, answer_timeout=1.5)
LARGE = a_batch_of(a_slice(*numbered(SMALL)))
KILLED = [
    ("raylet/raylet", "this node's raylet has ended"),
    ("gcs/gcs_server", "the cluster's control service at 127.0.0.1"),
]
LISTENS = "0A"
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F"}
START_PATIENCE = 50.0
"""Seconds until a test says that Ray never came. It takes 3 to 10."""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """Run the module on one event loop, which its Ray belongs to."""
    return "asyncio"


@pytest.fixture(scope="module")
async def ray() -> AsyncGenerator[RayTransformer]:
    async with open_workers(a_work(), CONFIG) as transformer:
        yield transformer


@asynccontextmanager
async def opened() -> AsyncGenerator[TransformerWithFallback]:
    work = a_work()
    async with open_ray_transformer(
        work, CONFIG, fallback=MemoryBatchTransformer(work.decoder, work.encoder)
    ) as transformer:
        yield transformer


def our_descendants() -> set[int]:
    return set(descendants(os.getpid()))


def named(name: str, pids: set[int]) -> list[int]:
    """Those of `pids` whose program's path ends so."""
    found: list[int] = []
    for pid in pids:
        with suppress(OSError):  # it has ended meanwhile
            command = Path("/proc", str(pid), "cmdline").read_bytes()
            if command.split(b"\0")[0].decode().endswith(name):
                found.append(pid)
    return found


def files_in(folder: Path) -> int:
    return sum(1 for _ in folder.iterdir())


def listening(pid: int) -> set[str]:
    """The addresses that a process listens on, as the kernel writes them."""
    process = Path("/proc", str(pid))
    sockets = {str(link.readlink()) for link in process.glob("fd/*") if link.is_symlink()}
    lines = [
        line.split() for table in ("tcp", "tcp6") for line in _lines(process / "net" / table)[1:]
    ]
    return {f[1].split(":")[0] for f in lines if f[3] == LISTENS and f"socket:[{f[9]}]" in sockets}


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="ascii").splitlines()


async def test_workers_that_are_killed_midway_lose_nothing_and_change_no_order(
    ray: RayTransformer, tmp_path: Path
) -> None:
    dangerous = [b"exit once: %s" % bytes(tmp_path / str(number)) for number in range(2)]
    batches = [
        a_batch_of(
            a_slice(
                *numbered(50), *dangerous[number : number + 1], *numbered(50), first=100 * number
            )
        )
        for number in range(4)
    ]

    results = await asyncio.gather(*(ray.transform(batch) for batch in batches))

    assert files_in(tmp_path) == 2  # each killed a worker
    assert results == [transformed_here(batch) for batch in batches]


async def test_a_record_that_kills_its_worker_is_quarantined_and_the_others_are_stored(
    ray: RayTransformer,
) -> None:
    batch = a_batch_of(a_slice(b"one", b"exit", b"three", None))

    result = await ray.transform(batch)

    (quarantined,) = result.quarantined
    assert (quarantined.kafka_offset, quarantined.value) == (1, b"exit")
    assert quarantined.error_type == "WorkerKilledError"
    assert "3 workers" in quarantined.error_message
    others = transformed_here(a_batch_of(a_slice(b"one", b"bad", b"three", None)))
    assert (result.rows, result.advances) == (others.rows, others.advances)


async def test_a_record_that_never_ends_is_quarantined_too(ray: RayTransformer) -> None:
    result = await ray.transform(a_batch_of(a_slice(b"hang")))

    (quarantined,) = result.quarantined
    assert "did not answer within 1.5 s" in quarantined.error_message


async def test_after_all_that_the_workers_still_work(ray: RayTransformer) -> None:
    assert await ray.transform(LARGE) == transformed_here(LARGE)


async def test_workers_of_another_version_are_refused_with_both() -> None:
    @asynccontextmanager
    async def of_another_service(order: Order) -> AsyncGenerator[DriverProcess]:
        other = msgspec.structs.replace(order, versions=Versions("99.0", our_versions().python))
        async with driver_process(other) as driver:
            yield driver

    with pytest.raises(ConfigurationError) as refusal:
        async with open_workers(a_work(), CONFIG, open_driver=of_another_service):
            pass

    assert f"runs cdc-audit {our_versions().program} on" in refusal.value.problem
    assert "this service cdc-audit 99.0" in refusal.value.problem


async def test_a_cluster_that_is_not_there_is_unavailable_in_time() -> None:
    config = RayConfig(address="127.0.0.1:1", start_timeout=2.0)

    with pytest.raises(TransformerUnavailableError):
        async with open_workers(a_work(), config):
            pass


async def test_the_service_goes_on_when_ray_dies_and_takes_it_again_when_it_is_back() -> None:
    others = our_descendants()
    async with opened() as transformer:
        for server, told in KILLED:
            await until(lambda: transformer.engine == "ray", START_PATIENCE)
            assert await transformer.transform(LARGE) == transformed_here(LARGE)
            (pid,) = named(server, our_descendants() - others)

            os.kill(pid, signal.SIGKILL)

            await until(lambda: transformer.engine != "ray")
            assert transformer.engine.startswith(f"inprocess (ray is gone: {told}")
            assert await transformer.transform(LARGE) == transformed_here(LARGE)
        started = our_descendants() - others
    await until(lambda: not any(is_alive(pid) for pid in started))


@pytest.mark.parametrize("name", ["raylet/raylet", "gcs/gcs_server"])
async def test_nothing_is_left_of_a_ray_that_was_only_half_started(name: str) -> None:
    others = our_descendants()
    async with opened() as transformer:
        await until(lambda: bool(named(name, our_descendants() - others)), START_PATIENCE)
        assert transformer.engine == "inprocess (ray is starting)"
        started = our_descendants() - others

    assert transformer.engine.startswith("inprocess")
    await until(lambda: not any(is_alive(pid) for pid in started))


async def test_ray_listens_on_this_machine_only(ray: RayTransformer) -> None:  # noqa: ARG001 - it runs
    addresses = {address for pid in our_descendants() for address in listening(pid)}

    assert addresses
    assert addresses <= LOOPBACK

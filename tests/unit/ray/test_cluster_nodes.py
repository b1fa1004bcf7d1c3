"""Two services on one cluster of three nodes, one of which is killed under load."""

import asyncio
import itertools
import logging
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from adapters.ray.config import RayConfig
from adapters.ray.opening import open_workers
from tests.pipelines import until
from tests.unit.ray.records import a_batch_of, a_slice, a_work, numbered, transformed_here

pytestmark = pytest.mark.ray

RECORDS = 200
PATIENCE = 100.0


class Nodes:
    """
    The cluster's program.

    Attributes:
        address: Where drivers join it.
    """

    def __init__(self, process: asyncio.subprocess.Process, address: str) -> None:
        self._process = process
        self.address = address

    async def kill_one(self) -> None:
        """Kill a node that transforms."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"kill\n")
        assert await self._process.stdout.readline() == b"killed\n"


@asynccontextmanager
async def three_nodes() -> AsyncGenerator[Nodes]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.unit.ray.cluster_program"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        address = (await process.stdout.readline()).decode().strip()
    assert address, "the cluster did not start"
    try:
        yield Nodes(process, address)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


class Service:
    """
    Joins the cluster, and sends one batch after the other until it is told that it is enough.

    Args:
        nodes: The cluster.
        namespace: Under which it joins.

    Attributes:
        right: Batches that were transformed as they are in this process.
        wrong: The first offsets of those that were not.
    """

    def __init__(self, nodes: Nodes, namespace: str) -> None:
        self._config = RayConfig(address=nodes.address, namespace=namespace, workers=1)
        self.right = 0
        self.wrong: list[int] = []

    async def run(self, enough: asyncio.Event) -> None:
        """Send."""
        async with open_workers(a_work(), self._config) as transformer:
            for first in itertools.count(0, RECORDS):
                if enough.is_set():
                    return
                batch = a_batch_of(a_slice(*numbered(RECORDS, start=first), first=first))
                if await transformer.transform(batch) == transformed_here(batch):
                    self.right += 1
                else:
                    self.wrong.append(first)


async def until_more(*services: Service) -> None:
    """Wait until each has sent batches and had them back that were begun after this."""
    wanted = [service.right + 2 for service in services]
    await until(lambda: all(s.right >= n for s, n in zip(services, wanted, strict=True)), PATIENCE)


async def test_a_node_that_is_killed_under_load_costs_two_services_nothing(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else Ray's drivers would look for a cluster on loopback at this machine's outer address.
    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    caplog.set_level(logging.WARNING, "adapters.ray.transformer")
    enough = asyncio.Event()
    async with three_nodes() as nodes, asyncio.TaskGroup() as group:
        services = [Service(nodes, f"audit-of-{name}") for name in ("orders", "stock")]
        for service in services:  # each joins in its own time: side by side, as services do
            group.create_task(service.run(enough))
        await until_more(*services)

        await nodes.kill_one()

        await until(lambda: "a worker was lost" in caplog.messages, PATIENCE)
        await until_more(*services)
        enough.set()

    assert [service.wrong for service in services] == [[], []]

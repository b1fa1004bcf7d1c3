"""The driver's process, however it ends: over small programs in its place."""

import asyncio
import sys
from collections.abc import Sequence

import pytest

from adapters.ray.config import RayConfig
from adapters.ray.driver_process import driver_process
from adapters.ray.errors import WorkerLostError
from adapters.ray.frames import Order
from adapters.ray.versions import Versions
from domain.errors import ConfigurationError, TransformerUnavailableError
from tests.pipelines import PATIENCE, until
from tests.processes import is_alive

ORDER = Order(RayConfig(), Versions("1", "3.11.7"), b"")

BEGIN = """
import asyncio, os, socket, sys, time
import msgspec
from adapters.ray.frames import FrameKind, FrameStream, Refusal

stream = FrameStream(socket.socket(fileno=int(sys.argv[1])))

async def main():
    await stream.receive()
"""

READY = BEGIN + "    await stream.send(FrameKind.READY, b'2')\n"


def program(text: str, rest: str = "") -> Sequence[str]:
    lines = "".join(f"    {line}\n" for line in rest.splitlines())
    return (sys.executable, "-c", f"{text}{lines}\nasyncio.run(main())")


async def test_a_driver_that_ends_before_it_is_ready_is_unavailable() -> None:
    async with driver_process(ORDER, command=(sys.executable, "-c", "")) as driver:
        with pytest.raises(TransformerUnavailableError, match="has ended"):
            await driver.ready()


async def test_a_driver_that_cannot_be_launched_is_unavailable() -> None:
    with pytest.raises(TransformerUnavailableError, match="/nowhere"):
        async with driver_process(ORDER, command=("/nowhere",)):
            pass


async def test_a_driver_says_why_ray_did_not_come() -> None:
    command = program(BEGIN, "await stream.send(FrameKind.GONE, b'no memory')")
    async with driver_process(ORDER, command=command) as driver:
        with pytest.raises(TransformerUnavailableError, match="no memory"):
            await driver.ready()


async def test_a_refusal_arrives_as_the_configuration_error_that_it_was() -> None:
    refusal = "await stream.send(FrameKind.REFUSED, msgspec.msgpack.encode(Refusal('f', 'no')))"
    async with driver_process(ORDER, command=program(BEGIN, refusal)) as driver:
        with pytest.raises(ConfigurationError, match="no") as refused:
            await driver.ready()

    assert refused.value.field == "f"


async def test_answers_reach_their_callers_whatever_their_order() -> None:
    swap = """
        first, second = await stream.receive(), await stream.receive()
        await stream.send(FrameKind.LOST, b'exit code 7', number=second.number)
        await stream.send(FrameKind.ANSWER, first.body, number=first.number)
        await stream.receive()
    """
    command = program(READY, "\n".join(line.strip() for line in swap.splitlines()))
    async with driver_process(ORDER, command=command) as driver:
        large = b"x" * 3_000_000

        answers = await asyncio.gather(
            driver.transform(large), driver.transform(b"two"), return_exceptions=True
        )

    assert answers[0] == large
    assert isinstance(answers[1], WorkerLostError)
    assert str(answers[1]) == "exit code 7"


async def test_a_driver_that_is_killed_fails_the_calls_that_wait_and_those_to_come() -> None:
    command = program(READY, "await stream.receive()\nos.kill(os.getpid(), 9)")
    async with driver_process(ORDER, command=command) as driver:
        assert await driver.ready() == 2

        async with asyncio.timeout(PATIENCE):
            with pytest.raises(TransformerUnavailableError):
                await driver.transform(b"waits")

        with pytest.raises(TransformerUnavailableError):
            await driver.transform(b"comes later")
        with pytest.raises(TransformerUnavailableError):
            await driver.wait_until_gone()


async def test_a_call_that_is_given_up_disturbs_no_other() -> None:
    command = program(
        READY,
        "while frame := await stream.receive():\n"
        "    await stream.send(FrameKind.ANSWER, frame.body, number=frame.number)",
    )
    async with driver_process(ORDER, command=command) as driver:
        given_up = asyncio.create_task(driver.transform(b"x" * 3_000_000))
        await asyncio.sleep(0)
        given_up.cancel()

        async with asyncio.timeout(PATIENCE):
            answer = await driver.transform(b"stays")

    assert answer == b"stays"


async def test_a_driver_that_is_not_ready_and_does_not_listen_is_killed() -> None:
    command = program(BEGIN, "time.sleep(600)")

    async with asyncio.timeout(5), driver_process(ORDER, command=command):
        pass


async def test_a_driver_whose_service_is_killed_while_ray_blocks_it_ends_too() -> None:
    blocks = "with stream.ending_process():\n    time.sleep(600)"
    service = (
        "import asyncio, os\n"
        "from tests.processes import descendants\n"
        "from tests.unit.ray.test_driver_process import *\n"
        "async def main():\n"
        f"    async with driver_process(ORDER, command=program(BEGIN, {blocks!r})):\n"
        "        print(*descendants(os.getpid()), flush=True)\n"
        "        await asyncio.sleep(600)\n"
        "asyncio.run(main())"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", service, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    (driver,) = [int(pid) for pid in (await process.stdout.readline()).split()]

    process.kill()

    await process.communicate()
    await until(lambda: not is_alive(driver))


async def test_what_ray_prints_is_kept_off_our_output(capfd: pytest.CaptureFixture[str]) -> None:
    command = (sys.executable, "-c", "import os; os.write(1, b'noise'); os.write(2, b'x' * 99999)")
    async with driver_process(ORDER, command=command) as driver:
        with pytest.raises(TransformerUnavailableError):
            await driver.ready()

    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")


async def test_nothing_of_it_imports_ray_into_this_process() -> None:
    text = "import sys, adapters.ray.opening, adapters.ray.driver; print('ray' in sys.modules)"

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", text, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()

    assert printed.split() == [b"False"]

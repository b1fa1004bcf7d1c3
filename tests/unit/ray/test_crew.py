"""The crew grows with what waits and shrinks when idle: over workers that answer on command."""

import asyncio

import pytest

from adapters.ray.errors import WorkerLostError
from adapters.ray.frames import CrewSize
from domain.errors import ConfigurationError, TransformerUnavailableError
from tests.pipelines import until
from tests.unit.ray.hand_workers import IDLE, a_scene


async def test_a_quiet_crew_has_the_least_and_says_so() -> None:
    async with a_scene(least=2) as scene:
        assert len(scene.cluster.workers) == 2

    assert scene.told[-1] == CrewSize(now=2, least=2, most=3)


async def test_it_grows_with_the_batches_that_wait_and_not_beyond_the_most() -> None:
    async with a_scene(least=0, most=3) as scene:
        calls = scene.send(b"1", b"2", b"3", b"4", b"5")
        await until(lambda: len(scene.busy) == 3)

        while not all(call.done() for call in calls):
            for worker in scene.busy:
                worker.finish()
            await asyncio.sleep(0)

        assert sorted(call.result() for call in calls) == [b"done %d" % n for n in range(1, 6)]
        assert scene.cluster.tries == 3


async def test_what_finds_a_free_worker_lets_nobody_come() -> None:
    async with a_scene(least=1) as scene:
        (call,) = scene.send(b"1")
        await until(lambda: len(scene.busy) == 1)
        scene.busy[0].finish()
        await call

        assert scene.cluster.tries == 1


async def test_those_that_are_idle_too_long_are_ended_down_to_the_least() -> None:
    async with a_scene(least=1, most=3) as scene:
        calls = scene.send(b"1", b"2", b"3")
        await until(lambda: len(scene.busy) == 3)
        for worker in scene.busy:
            worker.finish()
        await asyncio.gather(*calls)
        scene.crew.shrink()
        before = scene.crew.count

        scene.time = IDLE
        scene.crew.shrink()

        assert (before, scene.crew.count) == (3, 1)
        assert sum(worker.ended for worker in scene.cluster.workers) == 2
        assert scene.told[-1].now == 1


async def test_none_that_has_a_batch_is_ended() -> None:
    async with a_scene(least=0, most=2) as scene:
        calls = scene.send(b"1", b"2")
        await until(lambda: len(scene.busy) == 2)
        scene.busy[1].finish()
        await calls[1]
        scene.time = 10 * IDLE
        scene.crew.shrink()

        (left,) = scene.busy
        scene.time = 20 * IDLE
        scene.crew.shrink()

        assert not left.ended
        left.finish()
        assert await calls[0] == b"done 1"


async def test_a_first_worker_comes_when_it_is_asked_for_and_no_second() -> None:
    async with a_scene(least=0) as scene:
        scene.crew.grow()
        scene.crew.grow()
        await until(lambda: scene.crew.count == 1)
        scene.crew.grow()

        assert scene.cluster.tries == 1


async def test_a_worker_that_does_not_come_is_no_failure_of_the_others() -> None:
    async with a_scene(least=1, most=2) as scene:
        scene.cluster.refuse = TransformerUnavailableError("no CPU free")
        calls = scene.send(b"1", b"2")
        await until(lambda: scene.cluster.tries >= 3)
        scene.busy[0].finish()
        await calls[0]
        await until(lambda: len(scene.busy) == 1)
        scene.busy[0].finish()

        assert await calls[1] == b"done 2"


async def test_a_worker_that_did_not_come_is_tried_again_while_batches_wait() -> None:
    async with a_scene(least=1, most=2) as scene:
        scene.cluster.refuse = TransformerUnavailableError("no CPU free")
        calls = scene.send(b"1", b"2")
        await until(lambda: scene.cluster.tries >= 3)

        scene.cluster.refuse = None
        await until(lambda: len(scene.busy) == 2)

        for worker in scene.busy:
            worker.finish()
        await asyncio.gather(*calls)


async def test_batches_that_wait_with_nobody_left_show_that_ray_is_gone() -> None:
    with pytest.raises(ExceptionGroup) as failed:  # noqa: PT012 - the group ends with the scene
        async with a_scene(least=0) as scene:
            scene.cluster.refuse = TransformerUnavailableError("no CPU free")
            scene.send(b"1")
            await asyncio.sleep(10)

    assert failed.group_contains(TransformerUnavailableError, match="no CPU free")


async def test_a_newcomer_that_runs_another_program_is_refused() -> None:
    with pytest.raises(ExceptionGroup) as failed:  # noqa: PT012 - the group ends with the scene
        async with a_scene(least=1) as scene:
            scene.cluster.refuse = ConfigurationError("ray.address", "it runs cdc-audit 9")
            scene.send(b"1", b"2")
            await asyncio.sleep(10)

    assert failed.group_contains(ConfigurationError)


async def test_a_lost_worker_is_reported_when_another_one_answers_and_is_replaced() -> None:
    async with a_scene(least=2, most=2) as scene:
        (call,) = scene.send(b"1")
        await until(lambda: len(scene.busy) == 1)

        scene.busy[0].die()

        with pytest.raises(WorkerLostError, match="killed"):
            await call
        await until(lambda: scene.crew.count == 2)


async def test_a_lost_worker_that_nobody_can_replace_leaves_the_others_at_work() -> None:
    async with a_scene(least=2, most=2) as scene:
        scene.cluster.refuse = TransformerUnavailableError("its node has ended")
        (lost,) = scene.send(b"1")
        await until(lambda: len(scene.busy) == 1)
        scene.busy[0].die()
        with pytest.raises(WorkerLostError):
            await lost

        (call,) = scene.send(b"1")
        await until(lambda: len(scene.busy) == 1)
        scene.busy[0].finish()

        assert await call == b"done 1"


async def test_a_ray_that_died_with_all_its_workers_is_no_fault_of_the_batch() -> None:
    sent: list[asyncio.Task[bytes]] = []
    with pytest.raises(ExceptionGroup) as failed:  # noqa: PT012 - the group ends with the scene
        async with a_scene(least=3, most=3) as scene:
            scene.cluster.refuse = TransformerUnavailableError("the raylet has ended")
            sent += scene.send(b"1")
            await until(lambda: len(scene.busy) == 1)
            dying = scene.busy[0]
            for worker in scene.cluster.workers:
                worker.is_there = False
            dying.die()
            await asyncio.wait(sent, timeout=10)

    assert failed.group_contains(TransformerUnavailableError)
    assert not sent[0].done()
    sent[0].cancel()

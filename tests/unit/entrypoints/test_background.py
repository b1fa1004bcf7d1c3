"""What runs beside the pipeline ends with it, and ends nothing."""

import asyncio
import logging

import pytest

from entrypoints.background import running_beside
from tests.pipelines import until


async def test_what_breaks_off_is_logged_and_started_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    starts: list[int] = []

    async def run() -> None:
        starts.append(1)
        if len(starts) < 3:
            raise ValueError("a defect")

    async with running_beside([run], pause=0.0):
        await until(lambda: len(starts) == 3)

    told = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert [record.message for record in told] == ["what runs beside the pipeline broke off"] * 2


async def test_all_of_it_is_cancelled_at_the_end() -> None:
    ended: list[str] = []

    async def run(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    async def first() -> None:
        await run("first")

    async def second() -> None:
        await run("second")

    async with running_beside([first, second]):
        await asyncio.sleep(0)

    assert sorted(ended) == ["first", "second"]


async def test_without_anything_to_run_nothing_happens() -> None:
    async with running_beside([]):
        pass

"""The pipeline over memory: everything once, in order, whatever goes wrong in between."""

from application.consumer_config import ConsumerConfig
from application.reports import PipelineState
from tests.pipelines import Rig, in_state, until


async def test_every_record_is_in_the_trail_once_and_in_order() -> None:
    rig = Rig()
    for number in range(1000):
        rig.broker.produce("orders", f"row {number}".encode())

    async with rig.running():
        await rig.until_caught_up()

    assert rig.values() == [f"row {number}" for number in range(1000)]


async def test_a_record_that_comes_alone_is_committed_at_once() -> None:
    rig = Rig(config=ConsumerConfig(batch_size=100, batch_timeout=60.0))

    async with rig.running():
        rig.broker.produce("orders", b"alone")
        await rig.until_caught_up()

    assert rig.values() == ["alone"]


async def test_the_database_goes_away_and_comes_back() -> None:
    rig = Rig()
    rig.broker.produce("orders", b"before")

    async with rig.running():
        await rig.until_caught_up()
        rig.memory.available = False
        rig.broker.produce("orders", b"meanwhile")
        await until(in_state(rig.pipeline, PipelineState.WAITING))
        reason = rig.pipeline.status().reason
        rig.memory.available = True
        await rig.until_caught_up()
        state = rig.pipeline.status().state

    assert reason is not None
    assert "away" in reason
    assert state is PipelineState.RUNNING
    assert rig.values() == ["before", "meanwhile"]


async def test_the_answer_of_a_commit_is_lost_and_nothing_is_repeated() -> None:
    rig = Rig()
    rig.memory.lose_next_answer = True
    rig.broker.produce("orders", b"once")

    async with rig.running():
        await rig.until_caught_up()
        await until(in_state(rig.pipeline, PipelineState.RUNNING))

    assert rig.values() == ["once"]
    assert rig.pipeline.status().fenced == 0

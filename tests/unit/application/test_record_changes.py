"""The pipeline over memory: everything once, in order; what goes away comes back."""

import pytest

from adapters.memory.audit_store import MemoryAuditStore
from adapters.memory.broker import MemoryBroker
from adapters.memory.change_source import MemoryChangeSource
from application.consumer_config import ConsumerConfig
from application.reports import PipelineState
from domain.errors import SchemaVersionError, StreamRefusedError
from tests.pipelines import Rig, in_state, until
from tests.unit.application.faults import RefusingStore, a_transformer


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


async def test_every_disposition_is_counted() -> None:
    rig = Rig()
    for value in (b"row", b"bad", b"skip", None, b"row"):
        rig.broker.produce("orders", value)

    async with rig.running():
        await rig.until_caught_up()
        status = rig.pipeline.status()

    assert status.records == {"audited": 2, "quarantined": 1, "skipped": 1, "control": 1}
    assert [bad.value for bad in rig.trail.quarantine.values()] == [b"bad"]
    assert (status.assigned, status.lag) == (1, 0)


async def test_a_row_that_the_database_refuses_counts_as_quarantined() -> None:
    def refuses(record: object) -> str | None:
        return "no" if "unwanted" in str(record) else None

    rig = Rig(store=MemoryAuditStore(refuses=refuses))
    rig.broker.produce("orders", b"wanted")
    rig.broker.produce("orders", b"unwanted")

    async with rig.running():
        await rig.until_caught_up()
        status = rig.pipeline.status()

    assert rig.values() == ["wanted"]
    assert status.records == {"audited": 1, "quarantined": 1}


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


async def test_while_the_database_is_away_the_source_is_held_and_polled_on() -> None:
    rig = Rig()
    rig.broker.produce("orders", b"before")

    async with rig.running():
        await rig.until_caught_up()
        rig.memory.available = False
        rig.broker.produce("orders", b"meanwhile")
        await until(in_state(rig.pipeline, PipelineState.WAITING))
        rig.broker.produce("orders", b"not read while held")
        turn = rig.pipeline.status().last_turn
        await until(lambda: rig.pipeline.status().last_turn > turn)
        turn = rig.pipeline.status().last_turn
        await until(lambda: rig.pipeline.status().last_turn > turn)
        lag, members = rig.pipeline.status().lag, list(rig.broker.members)
        rig.memory.available = True
        await rig.until_caught_up()

    assert lag == 1
    assert members == [rig.source]
    assert rig.values() == ["before", "meanwhile", "not read while held"]


async def test_the_database_is_away_at_the_start() -> None:
    rig = Rig()
    rig.broker.produce("orders", b"row")
    rig.memory.available = False

    async with rig.running():
        await until(in_state(rig.pipeline, PipelineState.WAITING))
        rig.memory.available = True
        await rig.until_caught_up()

    assert rig.values() == ["row"]


async def test_the_database_goes_away_before_the_partitions_are_claimed() -> None:
    rig = Rig()
    rig.broker.produce("orders", b"row")
    rig.broker.available = False

    async with rig.running():
        await until(in_state(rig.pipeline, PipelineState.WAITING))
        rig.memory.available = False
        rig.broker.available = True
        await until(lambda: "database" in (rig.pipeline.status().reason or ""))
        rig.memory.available = True
        await rig.until_caught_up()

    assert rig.values() == ["row"]


async def test_the_broker_goes_away_and_comes_back() -> None:
    rig = Rig()
    rig.broker.produce("orders", b"before")

    async with rig.running():
        await rig.until_caught_up()
        rig.broker.available = False
        await until(in_state(rig.pipeline, PipelineState.WAITING))
        reason = rig.pipeline.status().reason
        rig.broker.produce("orders", b"meanwhile")
        rig.broker.available = True
        await rig.until_caught_up()
        await until(in_state(rig.pipeline, PipelineState.RUNNING))

    assert "broker is away" in (reason or "")
    assert rig.values() == ["before", "meanwhile"]


async def test_the_workers_go_away_and_come_back() -> None:
    transformer = a_transformer()
    rig = Rig(transformer=transformer)
    rig.broker.produce("orders", b"before")

    async with rig.running():
        await rig.until_caught_up()
        transformer.available = False
        rig.broker.produce("orders", b"meanwhile")
        await until(in_state(rig.pipeline, PipelineState.WAITING))
        reason = rig.pipeline.status().reason
        transformer.available = True
        await rig.until_caught_up()

    assert "workers are away" in (reason or "")
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


async def test_answers_are_lost_again_and_again_and_each_record_is_counted_once() -> None:
    rig = Rig(config=ConsumerConfig(batch_size=1, max_batch_records=2))
    for number in range(20):
        rig.broker.produce("orders", f"row {number}".encode())

    async with rig.running():
        while not rig.is_caught_up():
            rig.memory.lose_next_answer = True
            await until(lambda: not rig.memory.lose_next_answer or rig.is_caught_up())
        rig.memory.lose_next_answer = False
        await until(lambda: rig.pipeline.status().records.get("audited") == 20)

    assert rig.values() == [f"row {number}" for number in range(20)]
    assert rig.pipeline.status().fenced == 0


async def test_a_partition_that_must_not_be_read_on_ends_the_run_and_says_why() -> None:
    refusal = StreamRefusedError("orders", 0, problem="it is another's.", remedy="Ask them.")
    rig = Rig(store=RefusingStore(refusal))

    with pytest.raises(StreamRefusedError, match="it is another's"):
        await rig.pipeline.run()

    status = rig.pipeline.status()
    assert status.state is PipelineState.FAILED
    assert status.reason == "topic orders, partition 0: it is another's. Ask them."
    assert rig.broker.members == []


async def test_tables_of_another_version_end_the_run() -> None:
    rig = Rig(store=RefusingStore(SchemaVersionError(found=1, wanted=2)))

    with pytest.raises(SchemaVersionError):
        await rig.pipeline.run()

    assert rig.pipeline.status().state is PipelineState.FAILED


async def test_latest_begins_at_the_end_of_what_exists_and_at_the_beginning_of_what_comes() -> None:
    rig = Rig(reset="latest")
    rig.broker.produce("orders", b"old")

    async with rig.running():
        await rig.until_caught_up()
        rig.broker.produce("orders", b"new")
        rig.broker.create_topic("customers")
        rig.broker.produce("customers", b"first")
        await rig.until_caught_up()

    assert rig.values("orders") == ["new"]
    assert rig.values("customers") == ["first"]


async def test_latest_waits_for_a_broker_that_is_away_at_the_start() -> None:
    rig = Rig(reset="latest")
    rig.broker.produce("orders", b"old")
    rig.broker.available = False

    async with rig.running():
        await until(in_state(rig.pipeline, PipelineState.WAITING))
        rig.broker.available = True
        await rig.until_caught_up()
        rig.broker.produce("orders", b"new")
        await rig.until_caught_up()

    assert rig.values() == ["new"]


async def test_a_member_without_partitions_stands_by() -> None:
    broker = MemoryBroker()
    broker.create_topic("orders")
    broker.produce("orders", b"row")
    busy = Rig(broker=broker)
    idle = Rig(broker=broker, store=MemoryAuditStore(busy.trail))

    async with busy.running():
        await busy.until_caught_up()
        async with idle.running():
            await until(in_state(idle.pipeline, PipelineState.STANDBY))
            await until(in_state(busy.pipeline, PipelineState.RUNNING))
            status = idle.pipeline.status()

    assert (status.assigned, status.lag) == (0, 0)


async def test_the_broker_is_told_what_was_committed() -> None:
    rig = Rig()
    for _ in range(3):
        rig.broker.produce("orders", b"row")

    async with rig.running():
        await until(lambda: rig.broker.committed.get(("orders", 0)) == 3)

    assert rig.trail.positions() == {(1, 0): 3}


async def test_a_lag_that_is_not_known_yet_is_told_as_such() -> None:
    rig = Rig(source=MemoryChangeSource(MemoryBroker()))

    assert rig.pipeline.status().lag is None
    assert rig.pipeline.status().state is PipelineState.STOPPED

"""A topic in which everything fails is held, alone, until it is mended or accepted."""

from adapters.memory.broker import MemoryBroker
from application.failure_window import FailureWindow
from application.topic_holds import FIRST_PROBE
from tests.pipelines import Rig, until
from tests.unit.application.faults import Clock, MendableDecoder, a_transformer


class Trouble:
    """Two topics, one decoder that can be broken, and a window that is quick to judge."""

    def __init__(self) -> None:
        self.broker = MemoryBroker()
        self.broker.create_topic("orders")
        self.broker.create_topic("customers")
        self.decoder = MendableDecoder()
        self.clock = Clock()
        self.transformer = a_transformer(self.decoder)
        self.rig = Rig(
            broker=self.broker,
            transformer=self.transformer,
            window=FailureWindow(min_records=3, silence=0.0),
            clock=self.clock,
        )

    async def break_orders(self) -> str:
        """Let orders fail until it is held, and give the reason."""
        self.decoder.is_broken = True
        for _ in range(5):
            self.broker.produce("orders", b"poison")
        await self.rig.until_caught_up()
        self.broker.produce("orders", b"held")
        await until(lambda: "orders" in self.rig.pipeline.status().held_topics)
        return self.rig.pipeline.status().held_topics["orders"]

    @property
    def quarantined(self) -> int:
        """Records in the quarantine."""
        return len(self.rig.trail.quarantine)


async def test_a_bad_record_is_quarantined_and_the_stream_goes_on() -> None:
    rig = Rig()
    for value in (b"a", b"bad", b"b"):
        rig.broker.produce("orders", value)

    async with rig.running():
        await rig.until_caught_up()
        held = rig.pipeline.status().held_topics

    assert rig.values() == ["a", "b"]
    assert held == {}
    assert [bad.kafka_offset for bad in rig.trail.quarantine.values()] == [1]


async def test_a_topic_in_which_all_fails_is_held_and_says_why() -> None:
    trouble = Trouble()

    async with trouble.rig.running():
        reason = await trouble.break_orders()

    assert "topic orders is held: 6 of its last 6 records could not be audited" in reason
    assert trouble.quarantined == 5
    assert sorted(trouble.rig.trail.positions().values()) == [0, 5]


async def test_another_topic_is_read_on_meanwhile() -> None:
    trouble = Trouble()

    async with trouble.rig.running():
        await trouble.break_orders()
        trouble.decoder.is_broken = False
        trouble.broker.produce("customers", b"fine")
        await until(lambda: trouble.rig.values("customers") == ["fine"])
        held = dict(trouble.rig.pipeline.status().held_topics)

    assert list(held) == ["orders"]
    assert trouble.rig.values("orders") == []


async def test_a_held_topic_is_tried_again_and_read_on_when_it_is_mended() -> None:
    trouble = Trouble()

    async with trouble.rig.running():
        await trouble.break_orders()
        trouble.decoder.is_broken = False
        trouble.clock.ahead += FIRST_PROBE
        await trouble.rig.until_caught_up()
        held = dict(trouble.rig.pipeline.status().held_topics)

    assert held == {}
    assert trouble.rig.values("orders") == ["held"]
    assert trouble.quarantined == 5


async def test_a_try_that_fails_stores_nothing_and_holds_on() -> None:
    trouble = Trouble()

    async with trouble.rig.running():
        await trouble.break_orders()
        tried = len(trouble.transformer.batches)
        trouble.clock.ahead += FIRST_PROBE
        await until(lambda: len(trouble.transformer.batches) > tried)
        held = dict(trouble.rig.pipeline.status().held_topics)

    assert list(held) == ["orders"]
    assert trouble.quarantined == 5


async def test_an_operator_orders_to_quarantine_whatever_fails() -> None:
    trouble = Trouble()

    async with trouble.rig.running():
        await trouble.break_orders()
        trouble.rig.pipeline.heed({"orders": "as ordered"})
        trouble.broker.produce("orders", b"poison too")
        await trouble.rig.until_caught_up()
        held = dict(trouble.rig.pipeline.status().held_topics)

    assert held == {}
    assert trouble.quarantined == 7

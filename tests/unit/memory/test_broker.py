"""The broker in memory: logs, lives of topics, and who owns what."""

from adapters.memory.broker import MemoryBroker


def a_broker(partitions: int = 1) -> MemoryBroker:
    broker = MemoryBroker()
    broker.create_topic("orders", partitions)
    return broker


def test_offsets_count_up_in_each_partition() -> None:
    broker = a_broker(2)

    offsets = [broker.produce("orders", b"row", partition=partition) for partition in (0, 0, 1, 0)]

    assert offsets == [0, 1, 0, 2]


def test_a_log_gives_records_up_to_a_limit_and_says_how_far_it_looked() -> None:
    broker = a_broker()
    broker.produce("orders", b"a")
    broker.skip("orders", count=2)
    broker.produce("orders", b"b")
    broker.skip("orders")
    log = broker.logs["orders", 0]

    first, looked = log.read(0, 1)
    rest, end = log.read(looked, 10)

    assert ([record.value for record in first], looked) == ([b"a"], 1)
    assert ([record.value for record in rest], end) == ([b"b"], 5)
    assert log.read(5, 10) == ([], 5)


def test_expired_records_are_gone_and_the_log_starts_later() -> None:
    broker = a_broker()
    for value in (b"a", b"b", b"c"):
        broker.produce("orders", value)

    broker.expire("orders", start=2)

    described = broker.describe("orders", 0)
    assert (described.log_start, described.log_end) == (2, 3)
    assert list(broker.logs["orders", 0].records) == [2]


def test_a_topic_that_is_made_again_is_another_life_without_records() -> None:
    broker = a_broker(2)
    broker.produce("orders", b"old")
    before = broker.describe("orders", 0)

    broker.create_topic("orders", 1)

    after = broker.describe("orders", 0)
    assert after.topic_id != before.topic_id
    assert (after.log_start, after.log_end) == (0, 0)
    assert list(broker.logs) == [("orders", 0)]


def test_another_partition_gets_the_next_number() -> None:
    broker = a_broker(2)
    broker.create_topic("customers")

    broker.add_partition("orders")

    assert ("orders", 2) in broker.logs
    assert broker.describe("orders", 2).topic_id == broker.describe("orders", 0).topic_id


def test_members_share_the_partitions() -> None:
    broker = a_broker(5)
    first, second = object(), object()

    broker.join(first)
    broker.join(second)

    assert broker.assignment(first) | broker.assignment(second) == set(broker.logs)
    assert not broker.assignment(first) & broker.assignment(second)
    assert broker.assignment(object()) == set()


def test_a_partition_is_taken_only_when_its_owner_has_given_it_up() -> None:
    broker = a_broker(2)
    first, second = object(), object()
    broker.join(first)
    broker.take(first)
    broker.join(second)

    before = broker.take(second)
    broker.give_up(first)
    after = broker.take(second)

    assert before is None
    assert after == [("orders", 1)]


def test_who_leaves_owns_nothing() -> None:
    broker = a_broker()
    first, second = object(), object()
    broker.join(first)
    broker.take(first)
    broker.join(second)
    generation = broker.generation

    broker.leave(first)

    assert broker.generation > generation
    assert broker.take(second) == [("orders", 0)]


def test_leaving_twice_rebalances_once() -> None:
    broker = a_broker()
    member = object()
    broker.join(member)
    broker.leave(member)
    generation = broker.generation

    broker.leave(member)

    assert broker.generation == generation

"""A log that is damaged on the broker's disk: the partition stops there, and nothing else does."""

import contextlib
from collections.abc import Generator

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CorruptRecordException
from confluent_kafka import Producer

from adapters.embedded.errors import EmbeddedServerError
from adapters.kafka.reader import new_reader
from adapters.kafka.topic_reader import KafkaTopicReader
from domain.errors import SourceUnavailableError
from domain.stopped_partition import StoppedPartition
from domain.stream import StreamPartition
from tests.contract.brokers import PATIENCE, Member, kafka_config, poll_until
from tests.servers.kafka_cluster import KafkaCluster
from tests.servers.kafka_log import Field, damage_batch
from tests.servers.kafka_server import KafkaServer
from tests.unit.kafka.members import reading

pytestmark = pytest.mark.kafka

VALUE, CHECKSUM, OFFSET, LONG, LAST = "value", "checksum", "offset", "long", "last"
GARBAGE, BESIDE = "garbage", "beside"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[KafkaServer]:
    """Give a broker of our own, since its log is to be damaged while it is stopped."""
    server = KafkaServer(tmp_path_factory.mktemp("kafka"))
    try:
        server.start()
    except EmbeddedServerError as error:
        pytest.skip(f"no Kafka: {error}")
    with contextlib.ExitStack() as stack:
        stack.callback(server.stop)
        yield server


@pytest.fixture(scope="module")
def damaged(server: KafkaServer) -> KafkaCluster:
    """Give a broker some of whose batches were damaged on its disk."""
    cluster = KafkaCluster(server.bootstrap)
    for topic in (VALUE, CHECKSUM, OFFSET, LONG, LAST, GARBAGE):
        cluster.create_topic(topic, partitions=2)
        produce_in_one_batch(cluster, topic, b"a")
        produce_in_one_batch(cluster, topic, b"b")
        produce_in_one_batch(cluster, topic, *[b"c"] * (3 if topic == LONG else 1))
        if topic != LAST:
            produce_in_one_batch(cluster, topic, b"d")
            produce_in_one_batch(cluster, topic, b"e")
    cluster.create_topic(BESIDE, partitions=3)
    for partition in range(3):
        produce_in_one_batch(cluster, BESIDE, b"a", b"b", partition=partition)
    server.stop()
    data = server.home / "data"
    damage_batch(data, BESIDE, batch=0, field=Field.LAST_BYTE, partition=1)
    for topic in (VALUE, LONG, LAST):
        damage_batch(data, topic, batch=2, field=Field.LAST_BYTE)
    damage_batch(data, CHECKSUM, batch=2, field=Field.CRC)
    damage_batch(data, GARBAGE, batch=2, field=Field.LAST_BYTE, mend_checksum=True)
    damage_batch(data, OFFSET, batch=2, field=Field.BASE_OFFSET)
    server.start()
    return cluster


def produce_in_one_batch(
    cluster: KafkaCluster, topic: str, *values: bytes, partition: int = 0
) -> None:
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "linger.ms": 100, "log_level": 0})
    for value in values:
        producer.produce(topic, value, partition=partition)
    assert producer.flush(PATIENCE) == 0


def is_stopped(member: Member) -> bool:
    return bool(member.source.stopped()) and len(member.claimed) == 1


def the_stop(member: Member) -> StoppedPartition:
    (stop,) = member.source.stopped()
    return stop


@pytest.mark.parametrize(
    ("topic", "offsets", "problem"),
    [
        (VALUE, (2, 3), "the checksum"),
        (CHECKSUM, (2, 3), "the checksum"),
        (LONG, (2, 5), "the checksum"),
        (LAST, (2, 3), "the checksum"),
        (GARBAGE, (2, 3), "[Error 2] CorruptRecordException: Found invalid number of record"),
        (OFFSET, (2, 5), "the broker gave the offset 87 in its place"),
    ],
)
async def test_what_is_sound_is_given_and_only_the_damaged_partition_stops(
    damaged: KafkaCluster, topic: str, offsets: tuple[int, int], problem: str
) -> None:
    async with reading(damaged, topic) as member:
        await poll_until(lambda: is_stopped(member), member)
        await damaged.produce(topic, b"another", partition=1)
        await poll_until(lambda: b"another" in member.values, member)
        stop = the_stop(member)

    assert member.values_of(topic) == [b"a", b"b"]
    assert (stop.offset, stop.resume_at) == offsets
    assert stop.problem.startswith(problem)
    assert stop.command == (
        f"cdc-audit stream skip {topic} 0 --from {offsets[0]} --to {offsets[1]} "
        f"--cause corrupt --reason TEXT"
    )


async def test_a_partition_goes_on_by_itself_once_the_trail_is_past_the_damage(
    damaged: KafkaCluster,
) -> None:
    trail: dict[tuple[str, int], int] = {}
    async with reading(damaged, VALUE, trail=trail) as member:
        await poll_until(lambda: is_stopped(member), member)
        trail[VALUE, 0] = the_stop(member).resume_at
        await poll_until(lambda: b"e" in member.values, member)
        await poll_until(lambda: not member.source.stopped(), member)

    assert member.values_of(VALUE) == [b"a", b"b", b"d", b"e"]


async def test_a_partition_that_is_still_damaged_stops_again_and_gives_nothing_twice(
    damaged: KafkaCluster,
) -> None:
    async with reading(damaged, VALUE) as member:
        await poll_until(lambda: is_stopped(member), member)
        claims = len(member.asked)
        await poll_until(lambda: len(member.asked) > claims and is_stopped(member), member)
        stop = the_stop(member)

    assert (stop.offset, stop.resume_at) == (2, 3)
    assert member.values_of(VALUE) == [b"a", b"b"]


async def test_damage_at_the_first_offset_that_is_read_stops_at_once(damaged: KafkaCluster) -> None:
    async with reading(damaged, VALUE, trail={(VALUE, 0): 2}) as member:
        await poll_until(lambda: is_stopped(member), member)

        assert the_stop(member).offset == 2

    assert member.values_of(VALUE) == []


async def test_damage_costs_no_record_that_was_fetched_with_it(damaged: KafkaCluster) -> None:
    """What aiokafka had drained of the others it throws away, and their positions have moved."""
    async with reading(damaged, BESIDE) as member:
        await poll_until(lambda: bool(member.source.stopped()) and len(member.values) == 4, member)

    others = [member.values_of(BESIDE, partition) for partition in (0, 2)]
    assert others == [[b"a", b"b"], [b"a", b"b"]]


async def test_aiokafka_gives_nothing_of_a_fetch_that_has_damage_in_it(
    damaged: KafkaCluster,
) -> None:
    """Why `damage.py` reads again, record by record: the two sound records would never come."""
    place = TopicPartition(VALUE, 0)
    reader = new_reader(kafka_config(damaged))
    await reader.start()
    try:
        reader.assign([place])
        reader.seek(place, 0)
        with pytest.raises(CorruptRecordException, match=r"Invalid CRC - TopicPartition"):
            await reader.getmany(place, timeout_ms=10_000)
        positions = [await reader.position(place)]
        with pytest.raises(CorruptRecordException):
            await reader.getmany(place, timeout_ms=10_000)
        positions.append(await reader.position(place))
    finally:
        await reader.stop()

    assert positions == [0, 0]


async def test_a_topic_is_read_again_up_to_the_damage_and_behind_it(damaged: KafkaCluster) -> None:
    reader = KafkaTopicReader(kafka_config(damaged))
    partition = StreamPartition(1, 0, LONG)

    before = [r.value async for r in reader.read(partition, start=0, end=2)]
    behind = [r.value async for r in reader.read(partition, start=5, end=7)]
    with pytest.raises(SourceUnavailableError, match="cannot be read at offset 2: the checksum"):
        [r async for r in reader.read(partition, start=1, end=7)]

    assert (before, behind) == ([b"a", b"b"], [b"d", b"e"])

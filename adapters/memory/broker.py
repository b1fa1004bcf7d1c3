"""A Kafka cluster in memory: topics with logs, and consumer groups over them."""

import uuid
from collections.abc import Sequence

from domain.consumed import ConsumedRecord, RawRecord
from domain.stream import LogPartition

TopicPartition = tuple[str, int]


class MemoryLog:
    """
    The log of one partition. Offsets without a record are markers, aborted or compacted records.

    Attributes:
        records: By offset.
        start: First offset that can still be read.
        end: Offset that the next record will get.
        damaged: Offsets that cannot be read; none where it is empty.
    """

    def __init__(self) -> None:
        self.records: dict[int, RawRecord] = {}
        self.start = 0
        self.end = 0
        self.damaged = range(0)

    def read(self, offset: int, limit: int) -> tuple[Sequence[ConsumedRecord], int]:
        """At most `limit` records from `offset` on, and the offset up to which that looked."""
        found: list[ConsumedRecord] = []
        while offset < self.end and len(found) < limit and offset not in self.damaged:
            record = self.records.get(offset)
            if record is not None:
                found.append(record)
            offset += 1
        return found, offset


class MemoryBroker:
    """
    Keeps topics and consumer groups.

    Attributes:
        cluster_id: Id of the cluster.
        available: Set it to False, and the sources raise `SourceUnavailableError`.
        logs: By topic and partition.
        committed: Next offsets that groups told: advisory.
        compacted: Topics whose `cleanup.policy` contains ``compact``.
        generation: Rises with every rebalance.
        members: The members of the only group.
        owners: Who reads each partition; nobody else may claim it until it is given up.
    """

    def __init__(self, cluster_id: str = "memory") -> None:
        self.cluster_id = cluster_id
        self.available = True
        self.logs: dict[TopicPartition, MemoryLog] = {}
        self.committed: dict[TopicPartition, int] = {}
        self.compacted: set[str] = set()
        self._topic_ids: dict[str, str] = {}
        self.generation = 0
        self.members: list[object] = []
        self.owners: dict[TopicPartition, object] = {}

    def create_topic(self, topic: str, partitions: int = 1) -> None:
        """Make a topic. One that exists is made again: a new life, with a new id."""
        for log in [log for log in self.logs if log[0] == topic]:
            del self.logs[log]
        for partition in range(partitions):
            self.logs[topic, partition] = MemoryLog()
        self._topic_ids[topic] = uuid.uuid4().hex
        self.generation += 1

    def add_partition(self, topic: str) -> None:
        """Give `topic` one more partition."""
        self.logs[topic, sum(name == topic for name, _ in self.logs)] = MemoryLog()
        self.generation += 1

    def produce(  # noqa: PLR0913 - a record has so many parts
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        partition: int = 0,
        headers: tuple[tuple[str, bytes | None], ...] = (),
        timestamp: int = 1_700_000_000_000,
    ) -> int:
        """Append a record, and give its offset. `timestamp` is in milliseconds since 1970."""
        log = self.logs[topic, partition]
        offset = log.end
        log.records[offset] = RawRecord(topic, partition, offset, timestamp, key, value, headers)
        log.end += 1
        return offset

    def skip(self, topic: str, *, partition: int = 0, count: int = 1) -> None:
        """Append offsets without a record, as a transaction's marker is one."""
        self.logs[topic, partition].end += count

    def expire(self, topic: str, *, partition: int = 0, start: int) -> None:
        """Delete the records before `start`."""
        log = self.logs[topic, partition]
        log.start = start
        log.records = {o: r for o, r in log.records.items() if o >= start}

    def damage(self, topic: str, *, partition: int = 0, offsets: range = range(0)) -> None:
        """Let nobody read `offsets`; none mends the log."""
        self.logs[topic, partition].damaged = offsets

    def describe(self, topic: str, partition: int) -> LogPartition:
        """What a broker says of a partition."""
        log = self.logs[topic, partition]
        return LogPartition(
            cluster_id=self.cluster_id,
            topic=topic,
            topic_id=self._topic_ids[topic],
            partition=partition,
            log_start=log.start,
            log_end=log.end,
            compacted=topic in self.compacted,
        )

    def join(self, member: object) -> None:
        """Add a member to the only group, which rebalances."""
        self.members.append(member)
        self.generation += 1

    def leave(self, member: object) -> None:
        """
        Take a member out of the group, which rebalances.

        One that does not know of it was silent for too long: others take what it still reads.
        """
        self.give_up(member)
        if member in self.members:
            self.members.remove(member)
            self.generation += 1

    def take(self, member: object) -> Sequence[TopicPartition] | None:
        """Give `member` its partitions, in order; None while others have not given them up."""
        wanted = sorted(self.assignment(member))
        if any(self.owners.get(key, member) is not member for key in wanted):
            return None
        self.owners.update(dict.fromkeys(wanted, member))
        return wanted

    def give_up(self, member: object) -> None:
        """Note that `member` reads nothing any more."""
        self.owners = {key: owner for key, owner in self.owners.items() if owner is not member}

    def assignment(self, member: object) -> set[TopicPartition]:
        """The partitions of `member`: every n-th, in order."""
        if member not in self.members:
            return set()
        place = self.members.index(member)
        return set(sorted(self.logs)[place :: len(self.members)])

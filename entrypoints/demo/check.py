"""`cdc-audit demo --check`: is everything that happened in the source in the trail, and right?"""

import collections
import time
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from confluent_kafka import Consumer, TopicPartition

from entrypoints.demo import accounts, malformed, shop
from entrypoints.demo.accounts import PartitionAccount, Quarantined
from entrypoints.demo.chain import Chain
from entrypoints.demo.comparison import Change, Difference, TableShape, compare
from entrypoints.demo.malformed import SentRecord

ARRIVAL_TIMEOUT = 60.0  # seconds for the last change to arrive
LOOK_INTERVAL = 0.2


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """
    How many changes of one kind there are.

    Attributes:
        table: The table.
        operation: What happened.
        made: In the source.
        told: In the trail.
        wrong: Differences between both.
    """

    table: str
    operation: str
    made: int
    told: int
    wrong: int


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the check found.

    Attributes:
        counts: Changes by table and operation.
        differences: Each thing that the trail has wrong.
        accounting: What became of every offset.
        problems: What else is wrong: accounting, quarantine.
        quarantined: The malformed record's error message; None if it is not in quarantine.
        seconds: From the start of the demo to the verdict.
    """

    counts: Sequence[Count]
    differences: Sequence[Difference]
    accounting: Sequence[PartitionAccount]
    problems: Sequence[str]
    quarantined: str | None
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.differences and not self.problems


def judge(chain: Chain, sent: SentRecord | None, *, began: float) -> CheckReport:
    """
    Wait until all has arrived, or `ARRIVAL_TIMEOUT` is over, and compare all of it.

    Args:
        chain: The demo, with its workload done.
        sent: The malformed record; None if none was sent, which is a problem.
        began: Start of the demo, on the monotonic clock.
    """
    shapes = accounts.read_shapes(chain.shop_dsn)
    truth = accounts.read_truth(chain.shop_dsn, shapes)
    ends = log_ends(chain.bootstrap, shop.TOPICS)
    deadline = time.monotonic() + ARRIVAL_TIMEOUT
    while True:
        chain.check()
        report = _look(chain, sent, shapes, truth, ends, began)
        if report.ok or time.monotonic() > deadline:
            return report
        time.sleep(LOOK_INTERVAL)
        ends = log_ends(chain.bootstrap, shop.TOPICS)


def log_ends(bootstrap: str, topics: Iterable[str]) -> Mapping[str, int]:
    """Ask the broker for the offset after the last record of each topic's only partition."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "cdc_audit_demo_check"})
    try:
        return {
            topic: consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10.0)[1]
            for topic in topics
        }
    finally:
        consumer.close()


def _look(  # noqa: PLR0913, PLR0917 - what both sides say, read once
    chain: Chain,
    sent: SentRecord | None,
    shapes: Mapping[str, TableShape],
    truth: Sequence[Change],
    ends: Mapping[str, int],
    began: float,
) -> CheckReport:
    trail = accounts.read_trail(chain.trail_dsn, shapes)
    accounting = accounts.read_accounting(chain.trail_dsn)
    quarantine = accounts.read_quarantine(chain.trail_dsn)
    differences = compare(truth, trail, shapes)
    message, problems = judge_quarantine(quarantine, sent)
    return CheckReport(
        counts=count(truth, trail, differences),
        differences=differences,
        accounting=accounting,
        problems=[*problems, *judge_accounting(accounting, ends)],
        quarantined=message,
        seconds=time.monotonic() - began,
    )


def count(
    truth: Iterable[Change], trail: Iterable[Change], differences: Iterable[Difference]
) -> Sequence[Count]:
    """Count by table and operation."""
    made = collections.Counter((c.table, c.operation) for c in truth)
    told = collections.Counter((c.table, c.operation) for c in trail)
    wrong = collections.Counter((d.table, d.operation) for d in differences)
    return [
        Count(table=kind[0], operation=kind[1], made=made[kind], told=told[kind], wrong=wrong[kind])
        for kind in sorted({*made, *told, *wrong})
    ]


def judge_quarantine(
    quarantine: Sequence[Quarantined], sent: SentRecord | None
) -> tuple[str | None, Sequence[str]]:
    """
    Hold the quarantine against the one record that belongs there.

    Returns:
        The record's error message if it is there, and what is wrong.
    """
    if sent is None:
        return None, ["the malformed record was never sent"]
    there = [
        q for q in quarantine if (q.topic, q.partition, q.offset) == msgspec.structs.astuple(sent)
    ]
    problems = [
        f"{q.topic} offset {q.offset} is in quarantine and does not belong there: {q.error_message}"
        for q in quarantine
        if q not in there
    ]
    if not there:
        return None, [
            *problems,
            f"the malformed record, {sent.topic} offset {sent.offset}, is not in quarantine",
        ]
    if (there[0].raw_key, there[0].raw_value) != (malformed.KEY, malformed.VALUE):
        problems.append("the malformed record is in quarantine with other bytes than it had")
    return there[0].error_message, problems


def judge_accounting(
    accounting: Sequence[PartitionAccount], ends: Mapping[str, int]
) -> Sequence[str]:
    """Every offset of every topic, from the first to the last, must be accounted for."""
    problems: list[str] = []
    by_topic = {account.topic: account for account in accounting}
    for topic, end in ends.items():
        account = by_topic.get(topic)
        if account is None:
            problems.append(f"{topic} is not in the accounting")
        elif (account.first_offset, account.next_offset) != (0, end):
            problems.append(
                f"{topic}: the log goes from 0 to {end}, the accounting from "
                f"{account.first_offset} to {account.next_offset}"
            )
    problems += [
        f"{account.topic}: {account.unaccounted} offsets are unaccounted for"
        for account in accounting
        if account.unaccounted
    ]
    return problems

"""Bad input at volume: 1 % of 100,000 records cannot be decoded, at full speed."""

import itertools
from collections.abc import Iterator

import pytest

from tests.e2e.messages import Message, a_change, a_malformed
from tests.faults.scene import Scene

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.faults]

RECORDS = 100_000
ONE_IN = 100


def poisoned() -> Iterator[Message]:
    for number in range(RECORDS):
        yield a_malformed(number) if number % ONE_IN == 0 else a_change("c", number)


def test_poison_at_volume_is_quarantined_and_nothing_else(scene: Scene) -> None:
    messages = poisoned()
    while chunk := list(itertools.islice(messages, 10_000)):
        scene.topic.write(chunk)

    service = scene.start(consumer_max_batch_records="20000")

    scene.verify("1 % of 100,000 records is poison", service, times=RECORDS // ONE_IN)
    quarantined = sum(account["quarantined"] for account in scene.trail.accounting(scene.topic))
    assert quarantined == RECORDS // ONE_IN

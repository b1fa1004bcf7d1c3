"""Errors that a broker may answer with, for each kind of request that the client makes."""

from collections.abc import Iterator

import pytest

from tests.faults.mock_cluster import MockCluster, mock_cluster
from tests.faults.scene import Scene
from tests.servers.kafka_cluster import KafkaCluster

pytestmark = [pytest.mark.postgres, pytest.mark.faults]

HANG_UP = -195
NOT_LEADER, TIMED_OUT, NOT_AVAILABLE, NOT_COORDINATOR = 6, 7, 15, 16
LOADING, UNKNOWN_MEMBER, REBALANCING, ILLEGAL_GENERATION = 14, 25, 27, 22

# Kinds of requests by Kafka's protocol, and errors that each may be answered with. Asking for
# offsets, leaders and coordinators comes with joining: those errors wait until it does.
ERRORS = {
    "OffsetFetch": (9, (LOADING, NOT_COORDINATOR, HANG_UP)),
    "FindCoordinator": (10, (NOT_AVAILABLE, HANG_UP)),
    "JoinGroup": (11, (NOT_AVAILABLE, UNKNOWN_MEMBER, HANG_UP)),
    "SyncGroup": (14, (REBALANCING, NOT_COORDINATOR, HANG_UP)),
    "OffsetCommit": (8, (LOADING, REBALANCING, ILLEGAL_GENERATION, HANG_UP)),
    "Heartbeat": (12, (REBALANCING, UNKNOWN_MEMBER, NOT_COORDINATOR, HANG_UP)),
    "ListOffsets": (2, (NOT_LEADER, HANG_UP)),
    "Metadata": (3, (HANG_UP, HANG_UP)),
    "Fetch": (1, (NOT_LEADER, TIMED_OUT, HANG_UP)),
}


@pytest.fixture
def mocked() -> Iterator[MockCluster]:
    with mock_cluster() as cluster:
        yield cluster


@pytest.fixture
def cluster(mocked: MockCluster) -> KafkaCluster:
    """Give the mock where other tests have a real one."""
    return mocked


def test_errors_of_every_kind_of_request_cost_nothing(scene: Scene, mocked: MockCluster) -> None:
    with scene.flowing() as service:
        for request, errors in ERRORS.values():
            mocked.answer_with(request, errors)
            scene.wait_for_recovery(service)
        mocked.answer_with(ERRORS["Heartbeat"][0], (UNKNOWN_MEMBER,))  # it joins anew
        for _ in range(3):
            scene.wait_for_recovery(service)

    times = sum(len(errors) for _, errors in ERRORS.values())
    scene.verify("errors of Kafka's requests", service, times=times)
    assert "Traceback" not in service.output

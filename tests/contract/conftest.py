"""Fixtures of the contracts that several files test."""

from collections.abc import AsyncGenerator

import pytest

from tests.contract.brokers import BROKERS, Broker
from tests.contract.trails import EVERY_TRAIL, OpenTrail, Trail


@pytest.fixture(params=BROKERS)
async def broker(request: pytest.FixtureRequest) -> AsyncGenerator[Broker]:
    """Give a broker without topics, in memory and in Apache Kafka."""
    async with request.param() as broker:
        yield broker


@pytest.fixture(params=EVERY_TRAIL)
async def trail(request: pytest.FixtureRequest) -> AsyncGenerator[Trail]:
    """Give an empty trail, in memory and in PostgreSQL."""
    opened: OpenTrail = request.param
    async with opened() as trail:
        yield trail

"""Fixtures of the contracts that several files test."""

from collections.abc import AsyncGenerator

import pytest

from tests.contract.brokers import BROKERS, Broker


@pytest.fixture(params=BROKERS)
async def broker(request: pytest.FixtureRequest) -> AsyncGenerator[Broker]:
    """Give a broker without topics, in memory and in Apache Kafka."""
    async with request.param() as broker:
        yield broker

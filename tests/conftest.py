"""Fixtures for every test. Servers live in `tests/servers`."""

import pytest

pytest_plugins = [
    "tests.scheduling",
    "tests.servers.required",
    "tests.servers.shared",
    "tests.servers.postgres",
    "tests.servers.kafka",
]


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, as the service does."""
    return "asyncio"

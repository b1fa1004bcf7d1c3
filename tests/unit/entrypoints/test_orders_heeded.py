"""An operator's orders reach a service that runs, and one that starts later."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from adapters.memory.audit_store import MemoryAuditStore
from adapters.memory.batch_transformer import MemoryBatchTransformer
from adapters.memory.broker import MemoryBroker
from adapters.memory.change_source import MemoryChangeSource
from adapters.memory.topic_orders import MemoryTopicOrders
from application.consumer_config import ConsumerConfig
from application.ports import BatchTransformer, RowEncoder
from entrypoints.audit_service import AuditService
from tests.pipelines import PlainDecoder, Reports, until


@asynccontextmanager
async def open_transformer(*, encoder: RowEncoder) -> AsyncGenerator[BatchTransformer]:
    yield MemoryBatchTransformer(PlainDecoder(), encoder)


@asynccontextmanager
async def a_service(orders: MemoryTopicOrders) -> AsyncGenerator[AuditService]:
    """Run a service over memory."""
    broker = MemoryBroker()
    broker.create_topic("orders")
    service = AuditService(
        source=MemoryChangeSource(broker),
        store=MemoryAuditStore(),
        observer=Reports(),
        open_transformer=open_transformer,
        config=ConsumerConfig(shutdown_timeout=5.0),
        engine="inprocess",
        orders=orders,
    )
    task = asyncio.create_task(service.run())
    try:
        yield service
    finally:
        service.request_stop()
        await task


async def test_an_order_that_was_given_before_the_service_ran_is_heeded() -> None:
    orders = MemoryTopicOrders()
    await orders.give("orders", until=None, reason="a bad deploy")

    async with a_service(orders) as service:
        await until(lambda: "orders" in service.status().topic_orders)
        told = service.status().topic_orders["orders"]

    assert "a bad deploy" in told


async def test_a_running_service_learns_of_an_order_and_of_its_end() -> None:
    orders = MemoryTopicOrders()

    async with a_service(orders) as service:
        await orders.give("orders", until=None, reason=None)
        await until(lambda: "orders" in service.status().topic_orders)
        await orders.end("orders")
        await until(lambda: not service.status().topic_orders)

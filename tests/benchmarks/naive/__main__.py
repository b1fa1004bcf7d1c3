"""
Run the straightforward service: ``python -m tests.benchmarks.naive``, with an order on stdin.

It ends when so many messages are stored, and prints the seconds from the first one to then.
"""

import asyncio
import sys
import time

import msgspec
from aiokafka import AIOKafkaConsumer
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from tests.benchmarks.naive.rows import AuditRow, a_row

BATCH = 100
STREAM = 1


class NaiveOrder(msgspec.Struct, frozen=True, kw_only=True):
    """
    What it is to do.

    Attributes:
        bootstrap: The broker.
        topic: What it reads.
        group: As which group.
        database: Where it writes: a URL as SQLAlchemy has it.
        count: How many messages.
    """

    bootstrap: str
    topic: str
    group: str
    database: str
    count: int


async def store(order: NaiveOrder) -> float:
    """Store messages; give the seconds from the first one that came to the last commit."""
    engine = create_async_engine(order.database)
    sessions = async_sessionmaker(engine)
    consumer = AIOKafkaConsumer(
        order.topic,
        bootstrap_servers=order.bootstrap,
        group_id=order.group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_poll_records=BATCH,
        fetch_max_wait_ms=100,
    )
    await consumer.start()
    try:
        async with sessions() as session:
            return await _store(consumer, session, order.count)
    finally:
        await consumer.stop()
        await engine.dispose()


async def _store(consumer: AIOKafkaConsumer, session: AsyncSession, count: int) -> float:
    stored, began = 0, 0.0
    # A message that comes again is there already.
    statement = insert(AuditRow).on_conflict_do_nothing()
    while stored < count:
        polled = await consumer.getmany(timeout_ms=1_000, max_records=BATCH)
        began = began or (time.perf_counter() if polled else 0.0)
        rows = [a_row(record, STREAM) for records in polled.values() for record in records]
        if rows:
            await session.execute(statement, rows)
            await session.commit()
            await consumer.commit()
        stored += len(rows)
    return time.perf_counter() - began


def main() -> None:
    """Do what is ordered."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=NaiveOrder)
    sys.stdout.write(f"{asyncio.run(store(order))}\n")


if __name__ == "__main__":
    main()

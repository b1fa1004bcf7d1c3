"""The documented `CDCConsumerService`: its life, and what it tells of itself."""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg import sql

from adapters.kafka.config import KafkaConfig
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.database import DatabaseService, get_database_manager
from application.consumer_config import ConsumerConfig
from domain.errors import ConfigurationError, SchemaVersionError
from domain.redaction import ColumnRule
from entrypoints.consumer_service import CDCConsumerService, ConsumerOptions
from entrypoints.redaction_config import QuarantineConfig, RedactionConfig
from entrypoints.settings import TransformConfig
from tests.pipelines import until
from tests.servers.kafka import kafka_cluster
from tests.servers.postgres import database_config, postgres_dsn
from tests.unit.debezium.records import an_envelope

NOWHERE = DatabaseConfig(host="127.0.0.1", port=1, pool_size=1, pool_timeout=1)
KAFKA = KafkaConfig(bootstrap_servers=["127.0.0.1:1"], topics=["orders"])
IN_PROCESS = ConsumerOptions(transform=TransformConfig(engine="inprocess"))


@asynccontextmanager
async def a_consumer(
    database: DatabaseConfig = NOWHERE,
    kafka: KafkaConfig = KAFKA,
    options: ConsumerOptions = IN_PROCESS,
    **settings: Any,  # noqa: ANN401 - any setting
) -> AsyncGenerator[CDCConsumerService]:
    """Give a consumer that is not started; its database service is closed in the end."""
    consumer_config = ConsumerConfig(**settings)
    manager = await get_database_manager(database)
    service = DatabaseService(manager, consumer_config)
    try:
        yield CDCConsumerService(kafka, consumer_config, service, options=options)
    finally:
        await service.close()


async def test_before_it_is_started_it_is_stopped_and_has_done_nothing() -> None:
    async with a_consumer() as consumer:
        health, metrics = consumer.get_health_status(), consumer.get_metrics()

    assert (health["status"], health["running"], health["state"]) == ("unhealthy", False, "stopped")
    assert health["transform_engine"] == metrics["transform_engine"] == "inprocess"
    assert metrics["messages_consumed"] == metrics["batches_processed"] == 0
    assert metrics["records"] == {
        "audited": 0,
        "baseline": 0,
        "control": 0,
        "skipped": 0,
        "quarantined": 0,
    }


async def test_there_must_be_something_to_read() -> None:
    async with a_consumer(kafka=KafkaConfig()) as consumer:
        with pytest.raises(ConfigurationError) as caught:
            await consumer.start()

        assert caught.value.field == "kafka.topics"
        assert consumer.get_health_status()["running"] is False


@pytest.mark.parametrize(
    ("kafka", "settings", "field"),
    [
        ({"enable_auto_commit": True}, {}, "kafka.enable_auto_commit"),
        ({}, {"batch_size": 0}, "batch_size"),
    ],
)
async def test_a_wrong_setting_is_refused_before_anything_starts(
    kafka: dict[str, Any], settings: dict[str, Any], field: str
) -> None:
    config = msgspec.structs.replace(KAFKA, **kafka)

    async with a_consumer(kafka=config, **settings) as consumer:
        with pytest.raises(ConfigurationError) as caught:
            await consumer.start()

        assert caught.value.field == field
        assert consumer.get_health_status()["state"] == "stopped"


async def test_rules_need_a_quarantine_that_keeps_no_secrets() -> None:
    rules = RedactionConfig(rules=[ColumnRule(column="ssn")])
    alone = msgspec.structs.replace(IN_PROCESS, redaction=rules)
    both = msgspec.structs.replace(alone, quarantine=QuarantineConfig(raw="withhold"))

    async with a_consumer(options=alone) as consumer:
        with pytest.raises(ConfigurationError, match=r"quarantine\.encryption_keys"):
            await consumer.start()
    async with a_consumer(options=both) as consumer, consumer:
        assert consumer.get_health_status()["running"] is True


async def test_start_returns_while_the_database_is_waited_for() -> None:
    async with a_consumer() as consumer:
        await consumer.start()
        health = consumer.get_health_status()
        await consumer.stop()

    assert (health["status"], health["running"], health["state"]) == ("unhealthy", True, "waiting")
    assert "127.0.0.1:1/sink_db" in health["reason"]


async def test_starting_twice_changes_nothing() -> None:
    async with a_consumer() as consumer:
        await consumer.start()
        before = names_of_tasks()
        await consumer.start()
        after = names_of_tasks()
        await consumer.stop()

    assert before.count("cdc-consumer") == after.count("cdc-consumer") == 1


async def test_stopping_twice_or_before_a_start_changes_nothing() -> None:
    async with a_consumer() as consumer:
        await consumer.stop()
        await consumer.start()
        await consumer.stop()
        first = consumer.get_health_status()
        await consumer.stop()

        assert first["running"] is False
        assert consumer.get_health_status() == first
        assert "cdc-consumer" not in names_of_tasks()


async def test_it_can_be_started_again_after_it_was_stopped() -> None:
    async with a_consumer() as consumer:
        for _ in range(2):
            await consumer.start()
            assert consumer.get_health_status()["running"] is True
            await consumer.stop()


async def test_as_a_context_it_is_started_and_stopped() -> None:
    async with a_consumer() as consumer:
        async with consumer as started:
            assert started is consumer
            assert consumer.get_health_status()["running"] is True

        assert consumer.get_health_status()["running"] is False


async def test_wait_returns_at_once_before_a_start_and_with_the_stop_after_it() -> None:
    async with a_consumer() as consumer:
        await consumer.wait()
        await consumer.start()
        waiting = asyncio.create_task(consumer.wait())
        await asyncio.sleep(0)
        ended_early = waiting.done()
        await consumer.stop()
        await waiting

    assert ended_early is False


async def test_waiting_that_is_given_up_ends_nothing() -> None:
    async with a_consumer() as consumer:
        await consumer.start()
        waiting = asyncio.create_task(consumer.wait())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})

        assert consumer.get_health_status()["running"] is True
        await consumer.stop()


@pytest.mark.parametrize("turns", [1, 2, 3, 5, 8])
async def test_a_start_that_is_under_way_can_be_stopped(turns: int) -> None:
    # In vain for an hour, if `stop` waited for what never began.
    async with a_consumer(shutdown_timeout=3600.0) as consumer:
        starting = asyncio.create_task(consumer.start())
        for _ in range(turns):
            await asyncio.sleep(0)
        async with asyncio.timeout(30):
            await consumer.stop()
            await starting

        assert consumer.get_health_status()["running"] is False
        assert "cdc-consumer" not in names_of_tasks()


@pytest.mark.parametrize("turns", [1, 2, 3, 5, 8])
async def test_a_start_that_was_broken_off_can_be_stopped(turns: int) -> None:
    async with a_consumer(shutdown_timeout=3600.0) as consumer:
        starting = asyncio.create_task(consumer.start())
        for _ in range(turns):
            await asyncio.sleep(0)
        starting.cancel()
        async with asyncio.timeout(30):
            await consumer.stop()

        assert consumer.get_health_status()["running"] is False
        assert "cdc-consumer" not in names_of_tasks()


@pytest.mark.postgres
async def test_start_raises_what_ended_it_and_so_does_stop(
    empty_database: DatabaseConfig,
) -> None:
    async with a_consumer(empty_database) as consumer:
        with pytest.raises(SchemaVersionError):
            await consumer.start()
        health = consumer.get_health_status()
        with pytest.raises(SchemaVersionError):
            await consumer.stop()
        await consumer.stop()

    assert (health["running"], health["state"]) == (False, "failed")
    assert "cdc-audit migrate" in health["reason"]


@pytest.mark.postgres
async def test_wait_raises_what_ended_it_later() -> None:
    later = database_config(f"cdc_audit_test_{secrets.token_hex(6)}")
    async with a_consumer(later) as consumer:
        await consumer.start()
        waiting = asyncio.create_task(consumer.wait())
        state = consumer.get_health_status()["state"]

        with psycopg.connect(postgres_dsn(), autocommit=True) as server:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(later.database)))
        try:
            with pytest.raises(SchemaVersionError):
                await waiting
            with pytest.raises(SchemaVersionError):
                await consumer.wait()
        finally:
            with psycopg.connect(postgres_dsn(), autocommit=True) as server:
                server.execute(
                    sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(later.database))
                )

        assert state == "waiting"
        assert consumer.get_health_status()["running"] is False
        assert consumer.get_health_status()["state"] == "failed"


@pytest.mark.kafka
@pytest.mark.postgres
async def test_it_goes_on_where_it_was_stopped_and_counts_from_each_start(
    trail_database: DatabaseConfig,
) -> None:
    cluster = kafka_cluster()
    topic = cluster.create_topic(cluster.scratch("shop.public.people"))
    kafka = KafkaConfig(
        bootstrap_servers=[cluster.bootstrap], topics=[topic], group_id=cluster.scratch("group")
    )
    insert = msgspec.json.encode(an_envelope("c", after={"id": 1}))
    counts: list[object] = []

    async with a_consumer(trail_database, kafka) as consumer:
        for values in ((insert, None, b"no json"), (insert,)):
            await cluster.produce(topic, *values, key=b'{"id":1}')
            async with consumer:
                await until_consumed(consumer, len(values))
            counts.append(consumer.get_metrics()["records"])

    nothing = {"baseline": 0, "skipped": 0}
    assert counts == [
        {**nothing, "audited": 1, "control": 1, "quarantined": 1},
        {**nothing, "audited": 1, "control": 0, "quarantined": 0},
    ]


async def until_consumed(consumer: CDCConsumerService, count: int) -> None:
    await until(lambda: consumer.get_metrics()["messages_consumed"] == count)


def names_of_tasks() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks()]

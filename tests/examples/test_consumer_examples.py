"""The examples that keep a trail run as they stand, against a real Kafka and PostgreSQL."""

import msgspec
import pytest

from entrypoints.library import AppConfig, CDCConsumerService, DatabaseService, MonitoringService
from tests.examples.code_blocks import run_example
from tests.examples.reference import ENVELOPE, EXAMPLES, rows_of
from tests.pipelines import until
from tests.servers.kafka import kafka_cluster


async def one_change_arrives(consumer: CDCConsumerService, topic: str) -> None:
    await kafka_cluster().produce(topic, msgspec.json.encode(ENVELOPE), key=b'{"id":1}')
    await until(lambda: consumer.get_metrics()["messages_processed"] == 1)


@pytest.mark.kafka
@pytest.mark.postgres
async def test_a_consumer_keeps_the_trail(
    topic: str, settings: AppConfig, database: DatabaseService
) -> None:
    names = await run_example(
        EXAMPLES["CDCConsumerService"],
        kafka_config=settings.kafka,
        consumer_config=settings.consumer,
        db_service=database,
    )
    consumer: CDCConsumerService = names["consumer"]
    try:
        await one_change_arrives(consumer, topic)
        health = consumer.get_health_status()
    finally:
        await consumer.stop()

    assert health["running"] is True
    assert health["status"] == "healthy"
    assert consumer.get_health_status()["running"] is False
    assert consumer.get_metrics()["messages_processed"] == 1
    assert rows_of(settings, "SELECT operation FROM audit_trail") == [("UPDATE",)]


@pytest.mark.kafka
@pytest.mark.postgres
async def test_the_complete_setup_keeps_the_trail_and_is_watched(
    topic: str, settings: AppConfig
) -> None:
    names = await run_example(EXAMPLES["Complete Consumer Setup"])
    consumer: CDCConsumerService = names["consumer"]
    monitoring: MonitoringService = names["monitoring"]
    try:
        await one_change_arrives(consumer, topic)
        metrics = monitoring.metrics.get_metrics_text()
        health = await monitoring.health_checker.run_health_checks()
    finally:
        await consumer.stop()
        await monitoring.stop()
        await names["db_manager"].close()

    assert f'topic="{topic}"' in metrics
    assert health["status"] == "healthy"
    assert rows_of(settings, "SELECT operation FROM audit_trail") == [("UPDATE",)]

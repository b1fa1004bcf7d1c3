"""Every example of the reference runs as it stands, against real services where it needs any."""

import logging
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from entrypoints import library
from entrypoints.library import (
    AppConfig,
    AuditLoggingRepository,
    DatabaseService,
    OperationTypeEnum,
    RepositoryError,
    get_repository_session,
)
from tests.examples.code_blocks import examples_of, run_example
from tests.examples.reference import ENVELOPE, EXAMPLES, REFERENCE, rows_of

pure = pytest.mark.parametrize(
    "title",
    [
        "KafkaConfig",
        "DatabaseConfig",
        "AuditLogging",
        "KafkaOffset",
        "ProcessingError",
        "OperationTypeEnum",
        "Environment",
        "Default Values",
        "MetricsCollector",
    ],
)


def test_every_example_of_the_reference_is_run_here() -> None:
    here = Path(__file__).parent
    text = "".join(file.read_text(encoding="utf-8") for file in here.glob("test_*.py"))

    not_run = [title for title in EXAMPLES if f'"{title}"' not in text]

    assert len(EXAMPLES) == len(examples_of(REFERENCE))
    assert not_run == []


@pure
async def test_an_example_that_needs_no_service_runs(title: str) -> None:
    names = await run_example(EXAMPLES[title], **vars(library))

    assert len(names) > 1


async def test_the_documented_constants_have_the_documented_values() -> None:
    documented = await run_example(EXAMPLES["Default Values"])

    values = {n: v for n, v in documented.items() if n.startswith("DEFAULT_")}

    assert values
    assert values == {name: getattr(library, name) for name in values}


async def test_the_collector_counts_what_the_example_records() -> None:
    names = await run_example(EXAMPLES["MetricsCollector"])

    assert 'topic="topic"' in names["metrics_text"]


@pytest.mark.postgres
async def test_the_configuration_is_read_and_is_valid(settings: AppConfig) -> None:
    names = await run_example(EXAMPLES["AppConfig"])

    assert names["config"].sink_database.database == settings.sink_database.database


@pytest.mark.postgres
async def test_a_program_writes_and_reads_the_trail(settings: AppConfig) -> None:
    names = await run_example(EXAMPLES["AuditLoggingRepository"], **vars(library))

    assert [log.id for log in names["logs"]] == [names["log"].id]
    assert names["stats"]["total_changes"] == 1
    assert rows_of(settings, "SELECT source_table FROM audit_trail") == [("people",)]


@pytest.mark.postgres
async def test_a_program_reads_with_filters_and_statistics(
    settings: AppConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    names = await run_example(EXAMPLES["Repository Usage"], datetime=datetime, timedelta=timedelta)

    assert [log.source_table for log in names["recent_changes"]] == ["users"]
    assert "Total changes: 1" in capsys.readouterr().out
    assert rows_of(settings, "SELECT count(*) FROM audit_trail") == [(1,)]


@pytest.mark.postgres
async def test_offsets_are_read_and_moved(settings: AppConfig) -> None:
    async with get_repository_session() as (_, offset_repo, _):
        offsets = [{"topic": "topic", "partition": 1, "offset": 7}]

        names = await run_example(
            EXAMPLES["KafkaOffsetRepository"], offset_repo=offset_repo, offsets=offsets
        )

    assert names["offset"] is None
    found = "SELECT partition, next_offset FROM kafka_offset WHERE consumer_group = 'group'"
    assert sorted(rows_of(settings, found)) == [(0, 101), (1, 8)]


@pytest.mark.postgres
async def test_errors_are_created_found_and_resolved(settings: AppConfig) -> None:
    async with get_repository_session() as (_, _, error_repo):
        names = await run_example(EXAMPLES["ProcessingErrorRepository"], error_repo=error_repo)

    assert [error.id for error in names["errors"]] == [names["error"].id]
    assert rows_of(settings, "SELECT resolution FROM processing_error") == [("resolved",)]


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("arguments", "raised"),
    [
        ('source_table="t", operation_type=OperationTypeEnum.INSERT', None),
        ('source_table="t", operation_type="EXPLODE"', RepositoryError),
        ('source_table="t\\0", operation_type=OperationTypeEnum.INSERT', RepositoryError),
    ],
)
async def test_errors_of_the_trail_are_handled_as_the_pattern_shows(
    settings: AppConfig, arguments: str, raised: type[Exception] | None
) -> None:
    pattern = EXAMPLES["Error Handling Patterns"]
    given = msgspec.structs.replace(pattern, code=pattern.code.replace("...", arguments))
    names: dict[str, Any] = {
        "logger": logging.getLogger(__name__),
        "OperationTypeEnum": OperationTypeEnum,
    }
    async with AsyncExitStack() as stack:
        repositories = await stack.enter_async_context(get_repository_session())
        audit_repo: AuditLoggingRepository = repositories[0]

        if raised is None:
            await run_example(given, audit_repo=audit_repo, **names)
        else:
            with pytest.raises(raised):
                await run_example(given, audit_repo=audit_repo, **names)

    count = 1 if raised is None else 0
    assert rows_of(settings, "SELECT count(*) FROM audit_trail") == [(count,)]


@pytest.mark.postgres
async def test_monitoring_tells_health_and_metrics(
    settings: AppConfig, database: DatabaseService
) -> None:
    names = await run_example(
        EXAMPLES["MonitoringService"], config=settings.monitoring, db_service=database
    )
    await names["monitoring"].stop()

    assert names["health"]["status"] == "healthy"
    assert names["health"]["checks"]["database"]["connection_pool"]["size"] >= 1
    assert "cdc_audit_build_info" in names["metrics_text"]


@pytest.mark.postgres
async def test_a_check_of_ones_own_is_run(database: DatabaseService) -> None:
    def my_health_check_function() -> bool:
        return False

    names = await run_example(
        EXAMPLES["HealthChecker"],
        db_service=database,
        my_health_check_function=my_health_check_function,
    )

    again = await names["checker"].run_health_checks()
    assert names["health"]["status"] == "healthy"
    assert again["checks"]["my_health_check_function"]["status"] == "unhealthy"


@pytest.mark.parametrize("title", ["MessageTransformer", "Custom Message Processing"])
async def test_messages_are_transformed(title: str) -> None:
    batch = [(None, "shop.public.people", 0, 41), (ENVELOPE, "shop.public.people", 0, 42)]

    names = await run_example(
        EXAMPLES[title],
        message=ENVELOPE,
        topic="shop.public.people",
        partition=0,
        offset=42,
        batch=batch,
        **vars(library),
    )

    transformed = names["transformed"]
    assert transformed.operation_type is OperationTypeEnum.UPDATE
    assert transformed.source_table == "people"
    assert transformed.changed_columns == ("name", "password")


async def test_the_custom_transformer_of_the_example_masks_secrets() -> None:
    batch = [(ENVELOPE, "t", 0, 42)]

    names = await run_example(
        EXAMPLES["Custom Message Processing"],
        message=ENVELOPE,
        topic="t",
        partition=0,
        offset=42,
        batch=batch,
    )

    assert names["transformed"].new_data["password"] == "new"  # noqa: S105 - a planted one
    assert [t.new_data["password"] for t in names["transformed_batch"]] == ["***"]

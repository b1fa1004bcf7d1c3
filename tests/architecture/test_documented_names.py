"""Every name that the reference documents can be imported from `entrypoints.library`."""

import inspect
import re
from pathlib import Path

import pytest

from entrypoints import library

REFERENCE = (Path(__file__).parents[2] / "docs" / "api-reference.md").read_text(encoding="utf-8")

DOCUMENTED = [
    "AppConfig",
    "app_config",
    "KafkaConfig",
    "DatabaseConfig",
    "LoggingConfig",
    "MonitoringConfig",
    "ConsumerConfig",
    "Environment",
    "CDCConsumerService",
    "MessageTransformer",
    "TransformedMessage",
    "transform_cdc_message",
    "AuditLoggingRepository",
    "KafkaOffsetRepository",
    "ProcessingErrorRepository",
    "AuditLogging",
    "KafkaOffset",
    "ProcessingError",
    "OperationTypeEnum",
    "DatabaseService",
    "get_database_manager",
    "get_session",
    "get_repository_session",
    "create_tables",
    "drop_tables",
    "MonitoringService",
    "MetricsCollector",
    "HealthChecker",
    "TransformationError",
    "ValidationError",
    "NotAChangeError",
    "RepositoryError",
    "DuplicateKeyError",
    "ConnectionError",
    "ConfigurationError",
    "CdcAuditError",
    "DEFAULT_BATCH_SIZE",
    "DEFAULT_MAX_RETRIES",
    "DEFAULT_BATCH_TIMEOUT",
    "DEFAULT_POOL_SIZE",
    "DEFAULT_MAX_OVERFLOW",
    "DEFAULT_METRICS_PORT",
    "DEFAULT_HEALTH_CHECK_PORT",
]

METHODS = {
    "AppConfig": "from_env validate to_dict",
    "DatabaseConfig": "connection_string validate",
    "CDCConsumerService": "start stop get_metrics get_health_status",
    "MessageTransformer": "transform_message transform_batch",
    "TransformedMessage": "to_dict",
    "AuditLoggingRepository": (
        "create_audit_log batch_create_audit_logs get_audit_logs get_audit_stats"
    ),
    "KafkaOffsetRepository": "get_offset update_offset batch_update_offsets",
    "ProcessingErrorRepository": "create_error get_retryable_errors mark_error_resolved",
    "MonitoringService": (
        "start stop record_message_consumed record_message_processed record_message_failed "
        "record_batch_processed"
    ),
    "MetricsCollector": "record_message_processed record_batch_processed get_metrics_text",
    "HealthChecker": "run_health_checks add_check",
}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_documented_name_is_in_the_library(name: str) -> None:
    assert hasattr(library, name)
    assert name in library.__all__


@pytest.mark.parametrize("name", METHODS)
def test_a_documented_class_has_its_documented_methods(name: str) -> None:
    documented = set(METHODS[name].split())

    assert documented <= set(dir(getattr(library, name)))


def test_the_library_exports_nothing_that_does_not_exist() -> None:
    missing = [name for name in library.__all__ if not hasattr(library, name)]

    assert missing == []


def test_every_name_that_an_example_imports_is_exported() -> None:
    imports = re.findall(r"^from entrypoints\.library import (.+)$", REFERENCE, re.MULTILINE)

    imported = {name.strip() for line in imports for name in line.split(",")}

    assert imported
    assert imported <= set(library.__all__)


def test_every_class_that_is_exported_says_what_it_is() -> None:
    silent = [
        name
        for name in library.__all__
        if inspect.isclass(found := getattr(library, name)) and not found.__doc__
    ]

    assert silent == []

"""
The Python library: every documented name, imported from here.

The reference is `docs/api-reference.md`; its examples are tests. The names live in the rooms where
they belong, and the service is made of the same code.
"""

from adapters.debezium.config import DecoderConfig
from adapters.kafka.config import KafkaConfig
from adapters.otel.metrics_collector import MetricsCollector
from adapters.postgres.config import DEFAULT_MAX_OVERFLOW, DEFAULT_POOL_SIZE, DatabaseConfig
from adapters.postgres.database import DatabaseManager, DatabaseService, get_database_manager
from adapters.postgres.repositories import (
    AuditLoggingRepository,
    KafkaOffsetRepository,
    ProcessingErrorRepository,
)
from adapters.ray.config import RayConfig
from application.consumer_config import (
    DEFAULT_BATCH_SIZE,
    DEFAULT_BATCH_TIMEOUT,
    DEFAULT_MAX_RETRIES,
    ConsumerConfig,
)
from application.health import HealthChecker
from domain.audit_logging import AuditLogging
from domain.audit_record import AuditRecord
from domain.canonical import canonical_bytes
from domain.disposition import Disposition
from domain.errors import (
    CdcAuditError,
    ConfigurationError,
    ConnectionError,  # noqa: A004 - the documented name
    DuplicateKeyError,
    FencedError,
    NotAChangeError,
    RecordTooLargeError,
    RepositoryError,
    RivalWriterError,
    SchemaVersionError,
    SourceUnavailableError,
    StreamRefusedError,
    TransformationError,
    TransformerUnavailableError,
    ValidationError,
)
from domain.hash_key import HashKey
from domain.kafka_offset import KafkaOffset
from domain.operation import OperationTypeEnum
from domain.processing_error import ProcessingError
from domain.redaction import ColumnRule, RuleAction
from domain.transformed_message import TransformedMessage
from entrypoints.consumer_service import CDCConsumerService, ConsumerOptions
from entrypoints.http.config import (
    DEFAULT_HEALTH_CHECK_PORT,
    DEFAULT_METRICS_PORT,
    MonitoringConfig,
)
from entrypoints.message_transformer import MessageTransformer, transform_cdc_message
from entrypoints.monitoring import MonitoringService
from entrypoints.redaction_config import QuarantineConfig, RedactionConfig
from entrypoints.sessions import (
    create_tables,
    drop_tables,
    get_repository_session,
    get_session,
)
from entrypoints.settings import (
    AppConfig,
    Environment,
    LoggingConfig,
    TransformConfig,
    app_config,
)

__all__ = [
    "DEFAULT_BATCH_SIZE",
    "DEFAULT_BATCH_TIMEOUT",
    "DEFAULT_HEALTH_CHECK_PORT",
    "DEFAULT_MAX_OVERFLOW",
    "DEFAULT_MAX_RETRIES",
    "DEFAULT_METRICS_PORT",
    "DEFAULT_POOL_SIZE",
    "AppConfig",
    "AuditLogging",
    "AuditLoggingRepository",
    "AuditRecord",
    "CDCConsumerService",
    "CdcAuditError",
    "ColumnRule",
    "ConfigurationError",
    "ConnectionError",
    "ConsumerConfig",
    "ConsumerOptions",
    "DatabaseConfig",
    "DatabaseManager",
    "DatabaseService",
    "DecoderConfig",
    "Disposition",
    "DuplicateKeyError",
    "Environment",
    "FencedError",
    "HashKey",
    "HealthChecker",
    "KafkaConfig",
    "KafkaOffset",
    "KafkaOffsetRepository",
    "LoggingConfig",
    "MessageTransformer",
    "MetricsCollector",
    "MonitoringConfig",
    "MonitoringService",
    "NotAChangeError",
    "OperationTypeEnum",
    "ProcessingError",
    "ProcessingErrorRepository",
    "QuarantineConfig",
    "RayConfig",
    "RecordTooLargeError",
    "RedactionConfig",
    "RepositoryError",
    "RivalWriterError",
    "RuleAction",
    "SchemaVersionError",
    "SourceUnavailableError",
    "StreamRefusedError",
    "TransformConfig",
    "TransformationError",
    "TransformedMessage",
    "TransformerUnavailableError",
    "ValidationError",
    "app_config",
    "canonical_bytes",
    "create_tables",
    "drop_tables",
    "get_database_manager",
    "get_repository_session",
    "get_session",
    "transform_cdc_message",
]

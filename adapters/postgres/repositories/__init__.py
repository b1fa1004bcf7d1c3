"""The documented repositories: each works on one connection, in its caller's transaction."""

from adapters.postgres.repositories.audit_logging import AuditLoggingRepository
from adapters.postgres.repositories.kafka_offset import KafkaOffsetRepository
from adapters.postgres.repositories.processing_error import ProcessingErrorRepository

__all__ = ["AuditLoggingRepository", "KafkaOffsetRepository", "ProcessingErrorRepository"]

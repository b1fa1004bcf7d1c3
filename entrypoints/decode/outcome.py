"""
What became of each record: the service's own decoder, and its own judgement of errors.

    GivenRecord, BadLine ──▶ Decoding ──▶ Outcome ──▶ words, or a table
"""

import functools

import msgspec

from adapters.debezium.registered_schemas import RegisteredSchemas
from application.ports import RecordDecoder
from domain.audit_record import AuditRecord
from domain.control import ControlMessage, SkippedRecord
from domain.errors import (
    RecordTooLargeError,
    SchemaNotFoundError,
    SchemaRegistryUnavailableError,
    TransformationError,
)
from entrypoints.container import Container
from entrypoints.decode.catalog_types import CatalogTypes
from entrypoints.decode.input_lines import BadLine, GivenRecord
from entrypoints.settings import AppConfig
from entrypoints.source_catalog import source_catalog

BAD_LINE = "bad_line"

_MOST_DECODERS = 16
_REASONS: tuple[tuple[type[TransformationError], str], ...] = (
    (SchemaNotFoundError, "schema_not_found"),
    (RecordTooLargeError, "record_too_large"),
)


class Failure(msgspec.Struct, frozen=True):
    """
    Why a record would be quarantined, or a line is no record.

    Attributes:
        reason: A short stable word.
        detail: What was seen, and what to do.
    """

    reason: str
    detail: str


class Outcome(msgspec.Struct, frozen=True):
    """
    What became of one record.

    Attributes:
        name: Name of the record.
        result: What it would become.
    """

    name: str
    result: AuditRecord | ControlMessage | SkippedRecord | Failure

    @property
    def is_error(self) -> bool:
        """Whether it would be quarantined, or could not even be read."""
        return isinstance(self.result, Failure)


class Decoding:
    """
    Decodes as the service does with the same settings.

    Args:
        config: The settings.
    """

    def __init__(self, config: AppConfig) -> None:
        self._config = config
        self._types = CatalogTypes(source_catalog(config.source_database, config.origins))
        self._decoder = functools.lru_cache(maxsize=_MOST_DECODERS)(self._new_decoder)

    def outcome(self, given: GivenRecord | BadLine) -> Outcome:
        """
        Decode one record.

        Raises:
            SchemaRegistryUnavailableError: The registry is away: no record is at fault.
        """
        if isinstance(given, BadLine):
            return Outcome(given.name, Failure(BAD_LINE, given.problem))
        try:
            return Outcome(given.name, self._decoded(given))
        except SchemaRegistryUnavailableError:
            raise
        except TransformationError as error:
            return Outcome(given.name, failure_of(error))
        except Exception as error:  # noqa: BLE001 - the service quarantines it as well
            detail = f"a defect of cdc-audit ({type(error).__name__}: {error}): please report it."
            return Outcome(given.name, Failure("unexpected", detail))

    def _decoded(self, given: GivenRecord) -> AuditRecord | ControlMessage | SkippedRecord:
        record, limit = given.record, self._config.consumer.max_record_bytes
        key_size, value_size = len(record.key or b""), len(record.value or b"")
        if key_size + value_size > limit:
            raise RecordTooLargeError(
                given.name, key_size=key_size, value_size=value_size, limit=limit
            )
        return self._types.decoded(self._decoder(given.schemas), record)

    def _new_decoder(self, schemas: RegisteredSchemas | None) -> RecordDecoder:
        """The service's decoder; `schemas` take the place of the configured registry's."""
        provider = Container(config=self._config).decoder
        return provider() if schemas is None else provider(schemas=schemas)


def failure_of(error: TransformationError) -> Failure:
    """What is printed of a record that would be quarantined."""
    word = next((word for kind, word in _REASONS if isinstance(error, kind)), "undecodable")
    return Failure(error.summary or word, str(error))

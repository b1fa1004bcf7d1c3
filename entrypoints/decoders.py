"""The decoder that the settings describe: one for the pipeline, and others beside it."""

from adapters.debezium.decoder import DebeziumDecoder
from adapters.debezium.registered_schemas import RegisteredSchemas
from entrypoints.settings import AppConfig
from entrypoints.table_config import column_types


def new_decoder(config: AppConfig, *, schemas: RegisteredSchemas | None) -> DebeziumDecoder:
    """
    Make a decoder, with caches of its own: it is for one thread at a time.

    Args:
        config: All settings.
        schemas: The schemas that records name; None where no registry is configured.

    Raises:
        ConfigurationError: A rule hashes, and there is no key.
    """
    return DebeziumDecoder(
        config.decoder,
        config.redaction.rules,
        hash_key=config.redaction.key(),
        schemas=schemas,
        column_types=column_types(config.tables),
    )

"""Certificates and keys that settings name, tried out before anything connects with them."""

import ssl

from adapters.kafka.config import KafkaConfig
from adapters.schema_registry.config import SchemaRegistryConfig
from domain.errors import ConfigurationError
from entrypoints.settings import AppConfig


def check_tls_files(config: AppConfig) -> None:
    """
    Read the files that connections to Kafka and to the schema registry would be secured with.

    Raises:
        ConfigurationError: One cannot be read, or a key does not fit its certificate.
    """
    if config.kafka.security_protocol in {"SSL", "SASL_SSL"}:
        _check("kafka", config.kafka, config)
    if config.schema_registry.addresses:
        _check("schema_registry", config.schema_registry, config)


def _check(name: str, section: KafkaConfig | SchemaRegistryConfig, config: AppConfig) -> None:
    field = f"{name}.ssl_cafile"
    tried = f"{section.ssl_cafile!r}"
    try:
        context = ssl.create_default_context(cafile=section.ssl_cafile)
        if section.ssl_certfile:
            field, tried = f"{name}.ssl_certfile", f"{section.ssl_certfile!r}"
            if section.ssl_keyfile:
                field, tried = f"{name}.ssl_keyfile", f"{section.ssl_keyfile!r} for {tried}"
            # Without an answer at hand the library would ask the terminal for a key's password.
            context.load_cert_chain(section.ssl_certfile, section.ssl_keyfile, lambda: "")
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            field,
            f"{tried} cannot be used: {error}. Give PEM that this user may read; a key must have "
            f"no password, and belong to the certificate.",
            source=config.origins.get(field),
        ) from error

"""TLS and SASL, in the words of both client libraries."""

import logging
import ssl
from typing import Any

from adapters.kafka.config import KafkaConfig
from domain.errors import ConfigurationError


class _WithoutCredentials(logging.Filter):
    """Leaves requests with a password in them out of what aiokafka logs at DEBUG."""

    def filter(self, record: logging.LogRecord) -> bool:
        values = record.args if isinstance(record.args, tuple) else ()
        return not any(type(value).__name__.startswith("SaslAuthenticate") for value in values)


_WITHOUT_CREDENTIALS = _WithoutCredentials()


def consumer_security(config: KafkaConfig) -> dict[str, Any]:
    """
    The arguments of aiokafka's consumer that secure the connection.

    Raises:
        ConfigurationError: A certificate or key cannot be read.
    """
    arguments: dict[str, Any] = {"security_protocol": config.security_protocol}
    if config.security_protocol in {"SSL", "SASL_SSL"}:
        arguments["ssl_context"] = _ssl_context(config)
    if config.security_protocol.startswith("SASL_"):
        logging.getLogger("aiokafka.conn").addFilter(_WITHOUT_CREDENTIALS)
        arguments |= {
            "sasl_mechanism": config.sasl_mechanism,
            "sasl_plain_username": config.sasl_username,
            "sasl_plain_password": config.sasl_password,
        }
    return arguments


def admin_security(config: KafkaConfig) -> dict[str, str]:
    """The settings of librdkafka's admin client that secure the connection."""
    settings = {"security.protocol": config.security_protocol}
    if config.security_protocol in {"SSL", "SASL_SSL"}:
        files = {
            "ssl.ca.location": config.ssl_cafile,
            "ssl.certificate.location": config.ssl_certfile,
            "ssl.key.location": config.ssl_keyfile,
        }
        settings |= {name: path for name, path in files.items() if path}
        settings["ssl.endpoint.identification.algorithm"] = (
            "https" if config.ssl_check_hostname else "none"
        )
    if config.security_protocol.startswith("SASL_"):
        settings |= {
            "sasl.mechanism": config.sasl_mechanism,
            "sasl.username": config.sasl_username or "",
            "sasl.password": config.sasl_password or "",
        }
    return settings


def _ssl_context(config: KafkaConfig) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=config.ssl_cafile)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            "kafka.ssl_cafile", f"{config.ssl_cafile!r} cannot be used: {error}"
        ) from error
    context.check_hostname = config.ssl_check_hostname
    if config.ssl_certfile:
        try:
            context.load_cert_chain(config.ssl_certfile, config.ssl_keyfile)
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(
                "kafka.ssl_certfile",
                f"{config.ssl_certfile!r} with the key {config.ssl_keyfile!r} cannot be used: "
                f"{error}",
            ) from error
    return context

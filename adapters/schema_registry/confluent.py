"""
Confluent's registry, and those that speak its API: Karapace, Redpanda, Apicurio's ccompat.

The client retries nothing: whoever waits for the registry does so with the source held.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from json import JSONDecodeError
from typing import Any

import httpx2
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient, SchemaRegistryError

from adapters.schema_registry.config import SchemaRegistryConfig
from adapters.schema_registry.registry import (
    Place,
    StoredSchema,
    foreign,
    format_of,
    malformed,
    not_found,
    number_of,
    refused,
    silent,
)
from domain.errors import SchemaRegistryUnavailableError
from domain.registered_schema import SchemaFormat, SchemaIdKind, SchemaReference

_LARGEST_ID = 2**31 - 1

_NOT_FOUND_CODES = frozenset({40401, 40402, 40403})
"""
Subject, version, schema.

Source: Confluent, Schema Registry API reference, "Errors".
"""

_SERIALIZED = "serialized"
"""Of Protobuf, the registry gives the compiled descriptor: nothing is left to parse."""


class ConfluentRegistry:
    """
    A registry behind Confluent's own client.

    Args:
        config: Where, and with which credentials.

    Raises:
        OSError: A certificate or key cannot be read.
    """

    def __init__(self, config: SchemaRegistryConfig) -> None:
        self._config = config
        self._client = SchemaRegistryClient(_settings(config))

    def find(self, reference: SchemaReference) -> StoredSchema:
        if reference.kind is SchemaIdKind.CONFLUENT_GUID:
            return self._stored(reference, partial(self._client.get_schema_by_guid, reference.id))
        if reference.kind is SchemaIdKind.CONFLUENT_ID:
            number = number_of(reference, largest=_LARGEST_ID)
            return self._stored(reference, partial(self._client.get_schema, number))
        raise foreign(self._config, reference)

    def referenced(self, place: Place, *, by: SchemaFormat) -> StoredSchema:
        del by  # the registry says what it is

        def fetch(fmt: str | None = None) -> Schema:
            # Deleted ones too: what was written with them is still to be read.
            version = int(place.version)
            return self._client.get_version(place.name, version, deleted=True, fmt=fmt).schema

        return self._stored(place, fetch)

    def close(self) -> None:
        self._client.close()

    def _stored(self, what: object, fetch: Callable[..., Schema]) -> StoredSchema:
        schema = self._ask(what, fetch)
        if schema.schema_type == SchemaFormat.PROTOBUF:
            # A registry that does not know the format ignores it, or calls it an error.
            with suppress(SchemaRegistryUnavailableError):
                schema = self._ask(what, partial(fetch, fmt=_SERIALIZED))
        return StoredSchema(
            format=format_of(str(schema.schema_type), what),
            text=schema.schema_str or "",
            references={
                str(r.name): Place(name=str(r.subject), version=str(r.version))
                for r in schema.references or []
            },
        )

    def _ask(self, what: object, fetch: Callable[..., Schema]) -> Schema:
        try:
            schema = fetch()
        except SchemaRegistryError as error:
            answer = str(error.error_message or "")
            if error.http_status_code == 404 and error.error_code in _NOT_FOUND_CODES:  # noqa: PLR2004 - HTTP's
                raise not_found(self._config, what, answer) from error
            raise refused(self._config, error.http_status_code, answer) from error
        except httpx2.HTTPError as error:
            raise silent(self._config, error) from error
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            # What the client makes of an answer that is not JSON, or another JSON.
            answer = error.doc if isinstance(error, JSONDecodeError) else str(error)
            raise malformed(self._config, answer) from error
        finally:
            # It would give one format for the other. What was found is remembered by our caller.
            self._client.clear_caches()  # type: ignore[no-untyped-call] # the client's own lapse
        if not isinstance(schema.schema_str, str):
            raise malformed(self._config, "JSON without a schema")
        return schema


def _settings(config: SchemaRegistryConfig) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "url": ",".join(config.addresses),
        "timeout": config.timeout,
        "max.retries": 0,
        "ssl.ca.location": config.ssl_cafile,
        "ssl.certificate.location": config.ssl_certfile,
        "ssl.key.location": config.ssl_keyfile,
    }
    if config.username is not None:
        settings["basic.auth.user.info"] = f"{config.username}:{config.password}"
    if config.bearer_token is not None:
        settings |= {
            "bearer.auth.credentials.source": "STATIC_TOKEN",
            "bearer.auth.token": config.bearer_token,
            "bearer.auth.logical.cluster": config.logical_cluster or "",  # it insists on one
        }
    return settings

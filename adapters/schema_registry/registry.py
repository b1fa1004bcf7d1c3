"""What a registry is asked for, one schema at a time, and how its failures are told."""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from adapters.schema_registry.config import SchemaRegistryConfig
from domain.errors import SchemaNotFoundError, SchemaRegistryUnavailableError
from domain.registered_schema import SchemaFormat, SchemaReference

_MOST_SHOWN = 80


class Place(msgspec.Struct, frozen=True):
    """
    Where in a registry a referenced schema stands.

    Attributes:
        name: Its subject, or Apicurio's artifact.
        version: Its version there.
        group: Apicurio's group; None in Confluent's registry, which has none.
    """

    name: str
    version: str
    group: str | None = None

    def __str__(self) -> str:
        return f"version {self.version} of {self.name}"


class StoredSchema(msgspec.Struct, frozen=True):
    """
    A schema, and where those stand that it refers to.

    Attributes:
        format: In which language it is written.
        text: The schema.
        references: By the name under which it refers to them.
    """

    format: SchemaFormat
    text: str
    references: Mapping[str, Place]


class Registry(Protocol):
    """A connection to a registry. What it raises is what `SchemaLookup` may raise."""

    def find(self, reference: SchemaReference) -> StoredSchema:
        """Find what a record names."""
        ...

    def referenced(self, place: Place, *, by: SchemaFormat) -> StoredSchema:
        """Find what a schema in the format `by` refers to."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


def number_of(reference: SchemaReference, *, largest: int) -> int:
    """
    The number that `reference` names. Registries answer one that is too large in strange ways.

    Raises:
        SchemaNotFoundError: No registry gives out such a number.
    """
    number = int(reference.id) if reference.id.isascii() and reference.id.isdigit() else 0
    if not 0 < number <= largest:
        raise SchemaNotFoundError(
            f"the record names {reference}, which no registry gives out: ids are 1 to {largest}. "
            f"It may be no record with a schema id at all, or schema_registry.id_size is wrong."
        )
    return number


def format_of(name: str, what: object) -> SchemaFormat:
    """
    The format that a registry calls `name`.

    Raises:
        SchemaNotFoundError: Nobody can decode with such a schema.
    """
    try:
        return SchemaFormat(name)
    except ValueError as error:
        raise SchemaNotFoundError(
            f"{what} is written in {name[:_MOST_SHOWN]!r}, in which no record is: allowed are "
            f"{', '.join(SchemaFormat)}."
        ) from error


def not_found(config: SchemaRegistryConfig, what: object, answer: str) -> SchemaNotFoundError:
    """Tell that the registry has no schema there."""
    return SchemaNotFoundError(
        f"{_registry(config)} has no schema for {what} ({answer}). Was it deleted, or does the "
        f"record belong to another registry? Register it there again, then retry the record."
    )


def foreign(config: SchemaRegistryConfig, reference: SchemaReference) -> SchemaNotFoundError:
    """Tell that the record names a schema in a numbering that the registry does not have."""
    return SchemaNotFoundError(
        f"the record names {reference}, but schema_registry.kind is {config.kind}. If its "
        f"producer uses this registry, set the other kind, then retry the record."
    )


def silent(config: SchemaRegistryConfig, error: Exception) -> SchemaRegistryUnavailableError:
    """Tell that the registry gave no answer."""
    reason = _short(str(error)) or type(error).__name__
    if "timed out" in reason:
        reason += f" after schema_registry.timeout = {config.timeout:g} s"
    return SchemaRegistryUnavailableError(
        f"{_registry(config)} does not answer ({reason}). Records wait until it does."
    )


def refused(
    config: SchemaRegistryConfig, status: int, answer: str
) -> SchemaRegistryUnavailableError:
    """Tell that the registry answered with an error that says nothing about the schema."""
    match status:
        case 401 | 403:
            remedy = (
                "It refuses us: look at schema_registry.username and password, or bearer_token, "
                "and whether they may read schemas."
            )
        case 404:
            remedy = (
                "That is no registry's answer for a schema: look at schema_registry.url and kind; "
                "for a GUID, whether it is new enough to have them."
            )
        case _:
            remedy = "Look at the registry's own log."
    return SchemaRegistryUnavailableError(
        f"{_registry(config)} answered {status} ({_short(answer) or 'without a text'}). {remedy} "
        f"Records wait until it answers."
    )


def malformed(config: SchemaRegistryConfig, answer: str) -> SchemaRegistryUnavailableError:
    """Tell that an answer is no registry's: a proxy's page, most often."""
    return SchemaRegistryUnavailableError(
        f"{_registry(config)} gave an answer that is no registry's: it begins with "
        f"{answer[:_MOST_SHOWN]!r}. Does a proxy stand before it, or is schema_registry.url "
        f"another service's? Records wait until it answers."
    )


def _registry(config: SchemaRegistryConfig) -> str:
    return f"the schema registry at {', '.join(config.addresses)}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MOST_SHOWN else f"{line[:_MOST_SHOWN]}..."

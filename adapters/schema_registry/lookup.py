"""
The port's adapter: what was found is kept, the rest is asked of whichever registry it is.

    find ──▶ kept ──▶ or asked, one at a time ──▶ with all that it refers to ──▶ kept
                         └──▶ not found: kept too, for `not_found_ttl`

A registry that takes its callers' time and gives no answer costs the first of them its timeout.
From then on it is asked by a thread beside, one question at a time, until it answers; whoever asks
meanwhile hears at once that it is away, and can go on with what does not need it.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from adapters.schema_registry.config import SchemaRegistryConfig
from adapters.schema_registry.registry import Place, Registry, StoredSchema
from domain.errors import SchemaNotFoundError, SchemaRegistryUnavailableError
from domain.registered_schema import RegisteredSchema, SchemaReference

T = TypeVar("T")

MOST_KEPT = 10_000

MOMENT = 0.1
"""Seconds that a caller still waits for the thread beside: a registry that is back answers soon."""


class RegistrySchemas:
    """
    Asks a schema registry, of either kind. It may be used by several threads.

    Args:
        config: Which, and how.
        clock: A monotonic clock, in seconds.
        most_kept: Schemas, and ids without one, that are remembered: then the oldest goes.

    Pickled, it is its configuration: the other process asks for itself.
    """

    def __init__(
        self,
        config: SchemaRegistryConfig,
        *,
        clock: Callable[[], float] = time.monotonic,
        most_kept: int = MOST_KEPT,
    ) -> None:
        self._config = config
        self._most_kept = most_kept
        self._clock = clock
        self._registry: Registry | None = None
        self._found: dict[SchemaReference, RegisteredSchema] = {}
        self._absent: dict[SchemaReference, tuple[float, str]] = {}
        self._asking = threading.Lock()
        self._silence: str | None = None
        self._beside: threading.Thread | None = None

    def find(self, reference: SchemaReference) -> RegisteredSchema:
        kept = self._found.get(reference)
        if kept is not None:
            return kept
        if self._silence is None:  # before the lock, which the thread beside has for long
            with self._asking:  # else each thread would ask the same
                if self._silence is None:
                    return self._found.get(reference) or self._ask(reference)
        return self._ask_beside(reference)

    def close(self) -> None:
        """Close the connections. What was found is kept, and a later `find` connects again."""
        with self._asking:
            if self._registry is not None:
                self._registry.close()
                self._registry = None

    def __reduce__(self) -> tuple[type["RegistrySchemas"], tuple[SchemaRegistryConfig]]:
        return type(self), (self._config,)

    def _ask(self, reference: SchemaReference) -> RegisteredSchema:
        began = self._clock()
        until, reason = self._absent.get(reference, (0.0, ""))
        if began < until:
            raise SchemaNotFoundError(reason)
        try:
            registry = self._connected(reference)
            found = _Resolving(registry).whole(registry.find(reference))
        except SchemaNotFoundError as error:
            until = self._clock() + self._config.not_found_ttl
            self._keep(self._absent, reference, (until, str(error)))
            self._silence = None
            raise
        except SchemaRegistryUnavailableError as error:
            is_costly = self._clock() - began >= self._config.timeout / 2
            self._silence = str(error) if is_costly else None
            raise
        self._keep(self._found, reference, found)
        self._silence = None
        return found

    def _ask_beside(self, reference: SchemaReference) -> RegisteredSchema:
        """Let a thread ask, and wait for it for a moment; raise what is known if that passes."""
        beside = self._beside
        if beside is None or not beside.is_alive():
            beside = threading.Thread(
                target=self._ask_for_others, args=(reference,), name="schema registry", daemon=True
            )
            self._beside = beside
            beside.start()
        beside.join(MOMENT)
        if self._silence is not None:
            raise SchemaRegistryUnavailableError(self._silence)
        return self.find(reference)

    def _ask_for_others(self, reference: SchemaReference) -> None:
        with self._asking, suppress(SchemaNotFoundError, SchemaRegistryUnavailableError):
            self._ask(reference)

    def _keep(self, kept: dict[SchemaReference, T], reference: SchemaReference, what: T) -> None:
        kept.pop(reference, None)
        kept[reference] = what
        if len(kept) > self._most_kept:
            del kept[next(iter(kept))]

    def _connected(self, reference: SchemaReference) -> Registry:
        if not self._config.addresses:
            raise SchemaNotFoundError(
                f"the record names {reference}, and no schema registry is configured. Set "
                f"schema_registry.url, then retry the record."
            )
        if self._registry is None:
            try:
                self._registry = _connection(self._config)
            except OSError as error:
                raise SchemaRegistryUnavailableError(
                    f"schema_registry.ssl_cafile, ssl_certfile or ssl_keyfile cannot be used here: "
                    f"{error}. Records wait until they can."
                ) from error
        return self._registry


class _Resolving:
    """Fetches what a schema refers to, and what that refers to: each once."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: dict[Place, RegisteredSchema] = {}
        self._open: list[Place] = []

    def whole(self, schema: StoredSchema) -> RegisteredSchema:
        references = {name: self._at(place, schema) for name, place in schema.references.items()}
        return RegisteredSchema(format=schema.format, text=schema.text, references=references)

    def _at(self, place: Place, by: StoredSchema) -> RegisteredSchema:
        if place in self._open:
            raise SchemaNotFoundError(
                f"its schema cannot be used: {place} refers to itself, by way of others. Register "
                f"it anew without that, then retry the record."
            )
        if place not in self._known:
            self._open.append(place)
            self._known[place] = self.whole(self._registry.referenced(place, by=by.format))
            self._open.pop()
        return self._known[place]


def _connection(config: SchemaRegistryConfig) -> Registry:
    # Imported late: it takes a third of a second, for nothing where no record names a schema.
    if config.kind == "apicurio":
        from adapters.schema_registry.apicurio import ApicurioRegistry  # noqa: PLC0415 - see above

        return ApicurioRegistry(config)
    from adapters.schema_registry.confluent import ConfluentRegistry  # noqa: PLC0415 - see above

    return ConfluentRegistry(config)

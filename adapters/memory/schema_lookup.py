"""A schema registry in memory: there, or away."""

import time
from collections.abc import Callable

from domain.errors import SchemaNotFoundError, SchemaRegistryUnavailableError
from domain.registered_schema import RegisteredSchema, SchemaReference

NOT_FOUND_TTL = 10.0
"""Seconds for which it is remembered that there is no such schema."""


class MemorySchemaLookup:
    """
    Knows the schemas that it was told.

    Args:
        clock: A monotonic clock, in seconds.

    Attributes:
        schemas: What the registry has; a test may add to it.
        available: Set it to False, and `find` knows only what it has found before.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.schemas: dict[SchemaReference, RegisteredSchema] = {}
        self.available = True
        self._clock = clock
        self._found: dict[SchemaReference, RegisteredSchema] = {}
        self._absent_until: dict[SchemaReference, float] = {}

    def find(self, reference: SchemaReference) -> RegisteredSchema:
        if reference in self._found:
            return self._found[reference]
        if self._clock() >= self._absent_until.get(reference, 0.0):
            if not self.available:
                raise SchemaRegistryUnavailableError(
                    "the in-memory schema registry is away. Set `available`."
                )
            if reference in self.schemas:
                return self._found.setdefault(reference, self.schemas[reference])
            self._absent_until[reference] = self._clock() + NOT_FOUND_TTL
        raise SchemaNotFoundError(f"the in-memory schema registry has no schema for {reference}")

"""What decoding needs of a schema registry. It is asked on the workers, where blocking is right."""

from typing import Protocol

from domain.registered_schema import RegisteredSchema, SchemaReference


class SchemaLookup(Protocol):
    """
    Knows the schemas that records name. Picklable; it connects at its first use.

    What was found is remembered, and so is for a short while what was not.
    """

    def find(self, reference: SchemaReference) -> RegisteredSchema:
        """
        Find a schema with everything that it refers to.

        May block for seconds, within limits; once that was in vain, no caller after the first does.

        Raises:
            SchemaNotFoundError: The registry has no such schema, or one that nobody can use: the
                record is poison.
            SchemaRegistryUnavailableError: The registry does not answer, or refuses us. Nothing is
                wrong with the record: try it again later.
        """
        ...

"""Which schemas records name, and how: what the decoder is told of a schema registry."""

from typing import Literal

import msgspec

from application.schema_lookup import SchemaLookup


class SchemaIds(msgspec.Struct, frozen=True, kw_only=True):
    """
    How records name their schemas in front of their body, where no header does.

    Attributes:
        registry: Whose ids they are.
        size: Bytes of an id; ``auto`` takes 8 where the first four are zero, which none of
            Confluent's ids is.
        kind: What an id numbers in Apicurio's registry; ``auto``: contents with 4 bytes, as its
            version 3 does, global ids with 8, as version 2 does.
    """

    registry: Literal["confluent", "apicurio"] = "confluent"
    size: Literal["auto", 4, 8] = "auto"
    kind: Literal["auto", "content", "global"] = "auto"


class RegisteredSchemas(msgspec.Struct, frozen=True):
    """
    The schemas of records that only name theirs.

    Attributes:
        lookup: Knows them.
        ids: How records name them.
    """

    lookup: SchemaLookup
    ids: SchemaIds = SchemaIds()

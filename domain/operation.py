"""The words for what happened to a row."""

import enum


class OperationTypeEnum(enum.StrEnum):
    """
    What happened to a row.

    SNAPSHOT is a row read while bootstrapping: a baseline, not a write. UPSERT is a flattened
    record that does not tell insert from update. RANGE_DELETE deletes many rows by a key range.
    """

    INSERT = "INSERT"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    TRUNCATE = "TRUNCATE"
    SNAPSHOT = "SNAPSHOT"
    UPSERT = "UPSERT"
    RANGE_DELETE = "RANGE_DELETE"


class BeforeImage(enum.StrEnum):
    """How far the old row of a change can be trusted."""

    COMPLETE = "complete"
    KEY = "key"
    INVENTED = "invented"
    ABSENT = "absent"


class TimestampSource(enum.StrEnum):
    """Which clock a change timestamp was taken from."""

    SOURCE = "source"
    ENVELOPE = "envelope"
    KAFKA = "kafka"


class ValueNote(enum.StrEnum):
    """What must be said of a stored value beside the value itself. HIDDEN may be null as well."""

    UNAVAILABLE = "unavailable"
    MASKED = "masked"
    HASHED = "hashed"
    HIDDEN = "hidden"
    TRUNCATED = "truncated"
    UNDECODED = "undecoded"
    ESCAPED = "escaped"
    SUSPECT = "suspect"
    OFFLOADED = "offloaded"

"""An entry of the quarantine: the record, what is known of it, and what was done about it."""

import enum

import msgspec

from domain.quarantine import QuarantinedRecord

NEVER_BY_ITSELF = frozenset({"WorkerKilledError"})
"""Errors of records that are never retried in the background: the service would be ended by one."""


class Resolution(enum.StrEnum):
    """How an entry was resolved: RETRIED gave the record its place, RESOLVED did without."""

    RETRIED = "retried"
    RESOLVED = "resolved"


class QuarantineEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    A quarantined record, with its history in short. Times are microseconds since 1970, UTC.

    Attributes:
        error_id: Number of the entry.
        record: The record, as it is kept; its error is the latest one.
        cluster_id: Id of the Kafka cluster that it came from.
        topic_id: The broker's own id of that life of the topic; None where it gave none.
        is_accounted: Whether the accounting counts it as quarantined; False for errors that
            programs created, which have no place in the trail.
        created_at: When it was quarantined.
        retry_count: How often it was retried, and failed.
        max_retries: How often it is retried by itself at most.
        next_retry_at: Not retried by itself before; None before the first retry.
        resolved_at: When it was resolved; None while open.
        resolution: How it was resolved; None while open.
        resolution_note: Why, in the words of who resolved it.
    """

    error_id: int
    record: QuarantinedRecord
    cluster_id: str
    topic_id: str | None = None
    is_accounted: bool = True
    created_at: int = 0
    retry_count: int = 0
    max_retries: int = 0
    next_retry_at: int | None = None
    resolved_at: int | None = None
    resolution: str | None = None
    resolution_note: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether nobody has resolved it."""
        return self.resolved_at is None


class QuarantineEventKind(enum.StrEnum):
    """What happened to an entry."""

    QUARANTINED = "quarantined"
    FAILED = "failed"
    RETRIED = "retried"
    RESOLVED = "resolved"


class QuarantineEvent(msgspec.Struct, frozen=True, kw_only=True):
    """
    One thing that happened to an entry.

    Attributes:
        happened_at: Microseconds since 1970, UTC.
        kind: What.
        actor: Who did it: a user of the database; None for how it got there.
        error_type: Class of the error, where it failed.
        message: What was wrong, or the reason that was given.
    """

    happened_at: int
    kind: QuarantineEventKind
    actor: str | None = None
    error_type: str | None = None
    message: str | None = None


class RetryFailure(msgspec.Struct, frozen=True):
    """
    Why a record stays in quarantine.

    Attributes:
        error_type: Class of the error.
        error_message: What is wrong, and what to do. It quotes nothing of a protected record.
    """

    error_type: str
    error_message: str

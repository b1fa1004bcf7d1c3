"""
The error tree: every error that a user of cdc-audit may see.

    CdcAuditError
    ├── ConfigurationError            a setting is wrong: nothing was started
    ├── TransformationError           a record could not become an audit record (poison)
    │   ├── ValidationError           it is not a valid Debezium message
    │   ├── SchemaNotFoundError       its schema is not in the registry
    │   ├── RecordTooLargeError       it is larger than max_record_bytes: only a reference is kept
    │   ├── WorkerKilledError         decoding it ended its worker's process, again and again
    │   └── NotAChangeError           it is valid, and carries no row change
    ├── RepositoryError               the trail could not be read or written
    │   ├── DuplicateKeyError         a unique constraint refused it
    │   ├── ConnectionError           the database cannot be reached (trouble: retry)
    │   ├── SchemaVersionError        the tables are older or newer than this program
    │   ├── QueryTooWideError         the question looks at too much: narrow it
    │   ├── FencedError               another writer has moved the offsets of this batch
    │   └── RivalWriterError          it does so again and again: one of the two must stop
    ├── AlreadyResolvedError          a quarantined record was dealt with meanwhile
    ├── DecryptionError               quarantined bytes do not open with the keys that are given
    ├── SourceUnavailableError        Kafka cannot be reached (trouble: retry)
    ├── StreamRefusedError            a partition must not be read on: an operator decides
    ├── SchemaRegistryUnavailableError   the schema registry is away (trouble: retry)
    └── TransformerUnavailableError   the worker pool is gone (trouble: retry elsewhere)

Poison is quarantined and the stream goes on; trouble is waited for; a refusal stops and explains.
"""

import builtins
from collections.abc import Mapping

from domain.disposition import Disposition


class CdcAuditError(Exception):
    """The root of the tree: its text says what happened, with the values, and what to do."""


class ConfigurationError(CdcAuditError):
    """
    A setting is missing, unknown or wrong. Not retryable.

    Attributes:
        field: The setting, as ``section.name``; a section's own `validate` gives ``name`` alone.
        problem: What is wrong, with the value unless it is a secret, and what is allowed.
        source: Where the value came from: a variable, or a file and line.
    """

    def __init__(self, field: str, problem: str, *, source: str | None = None) -> None:
        where = f" (from {source})" if source else ""
        super().__init__(f"{field}{where}: {problem}")
        self.field = field
        self.problem = problem
        self.source = source


class TransformationError(CdcAuditError):
    """
    A consumed record could not be transformed. Not retryable as it stands: quarantine.

    Attributes:
        index: Place of the record in the batch, from 0; None for a single record.
        summary: What is wrong without a value of the record in it; None where only the text says.
    """

    def __init__(
        self, message: str, *, index: int | None = None, summary: str | None = None
    ) -> None:
        super().__init__(message)
        self.index = index
        self.summary = summary


class ValidationError(TransformationError):
    """The record is not a valid Debezium message. Not retryable as it stands."""


class SchemaNotFoundError(TransformationError):
    """The registry has no schema where the record names one, or none that can be used."""


class RecordTooLargeError(TransformationError):
    """
    The record is larger than `max_record_bytes`. It is quarantined by reference, without bytes.

    Attributes:
        limit: The limit, in bytes of key and value together.
    """

    def __init__(self, where: str, *, key_size: int, value_size: int, limit: int) -> None:
        super().__init__(
            f"the record at {where} has a key of {key_size} bytes and a value of {value_size} "
            f"bytes, together more than max_record_bytes = {limit}. Its bytes were not kept here: "
            f"raise max_record_bytes, and read the record again from Kafka."
        )
        self.limit = limit


class WorkerKilledError(TransformationError):
    """
    Decoding the record ended its worker's process, each time. Not retryable in this process.

    Attributes:
        workers: How many workers were lost with this record alone.
        reason: What was heard of the last one.
    """

    def __init__(self, *, workers: int, reason: str) -> None:
        super().__init__(
            f"{workers} workers, one after the other, were lost while they decoded this record "
            f"alone; others work. Of the last one was heard: {reason}. Look for a crash or for "
            f"too little memory in Ray's logs, and report it with the record's bytes, which are "
            f"kept here, before it is retried.",
            summary=f"{workers} workers, one after the other, were lost while they decoded it",
        )
        self.workers = workers
        self.reason = reason


class NotAChangeError(TransformationError):
    """
    The record is valid, and carries no row change: a heartbeat, a tombstone, ...

    Attributes:
        disposition: What became of it: `control` or `skipped`.
        kind: Which control message it is, in words (``heartbeat``, ``tombstone``, ...).
    """

    def __init__(self, disposition: Disposition, kind: str, *, index: int | None = None) -> None:
        super().__init__(
            f"the record carries no row change: it is a {kind} ({disposition.value}). "
            f"Leave it out, or use transform_batch, which does.",
            index=index,
        )
        self.disposition = disposition
        self.kind = kind


class RepositoryError(CdcAuditError):
    """The trail could not be read or written."""


class DuplicateKeyError(RepositoryError):
    """A unique constraint refused a row. Not retryable: the row is there already."""


class ConnectionError(RepositoryError, builtins.ConnectionError):  # noqa: A001 - the documented name
    """The database cannot be reached, or broke off. Retryable."""


class SchemaVersionError(RepositoryError):
    """
    The tables are older or newer than this program. Not retryable until migrated.

    Attributes:
        found: Version of the tables; 0 where there are none.
        wanted: Version that this program was made for.
    """

    def __init__(self, *, found: int, wanted: int) -> None:
        if found == 0:
            what, todo = "there are no cdc-audit tables in it", "Run `cdc-audit migrate` first."
        elif found < wanted:
            what = f"its tables have version {found}, this program needs {wanted}"
            todo = "Run `cdc-audit migrate` with this program first."
        else:
            what = f"its tables have version {found}, newer than this program's {wanted}"
            todo = "Install the newer cdc-audit that migrated them."
        super().__init__(f"the sink database cannot be used: {what}. {todo}")
        self.found = found
        self.wanted = wanted


class QueryTooWideError(RepositoryError):
    """
    The answer would take too long. Not retryable as it stands: narrow the question.

    Attributes:
        seconds: How long the database may take.
    """

    def __init__(self, seconds: float, *, looked_at: str | None = None) -> None:
        got = f" (it looked at {looked_at})" if looked_at else ""
        super().__init__(
            f"the database gave up after {seconds:g} s{got}: the question is too wide. Narrow it "
            f"by table, key or time, or raise statement_timeout."
        )
        self.seconds = seconds


class FencedError(RepositoryError):
    """
    Another writer moved the offsets of this batch: nothing of the batch was stored.

    Retryable only after seeking to `positions`.

    Attributes:
        positions: The next offset in the trail, for each (stream_id, partition) of the batch.
        writer: Who moved them last: token of the writer, or None if nobody wrote yet.
    """

    def __init__(self, positions: Mapping[tuple[int, int], int], *, writer: str | None) -> None:
        where = ", ".join(f"{s}-{p} is at {o}" for (s, p), o in sorted(positions.items()))
        super().__init__(
            f"another writer ({writer or 'unknown'}) has moved the trail's offsets ({where}). "
            f"This batch was not stored; read on from there. Run one consumer group per trail."
        )
        self.positions = dict(positions)
        self.writer = writer


class RivalWriterError(RepositoryError):
    """
    Another writer moves our offsets again and again. Not retryable: one of the two must stop.

    Attributes:
        writer: Token of the other writer.
    """

    def __init__(self, writer: str | None, *, times: int, seconds: float) -> None:
        super().__init__(
            f"another writer ({writer or 'unknown'}) moved our offsets {times} times within "
            f"{seconds:g} seconds: two services write the same partitions of one trail. This one "
            f"stops. Its sessions are those with application_name 'cdc-audit {writer}' in "
            f"pg_stat_activity: run all services of a trail with the same kafka.group_id, and "
            f"each with a kafka.group_instance_id of its own, or with none."
        )
        self.writer = writer


class AlreadyResolvedError(CdcAuditError):
    """
    A quarantined record was resolved meanwhile, or never had a place. Not retryable.

    Attributes:
        error_id: Number of the entry.
    """

    def __init__(self, error_id: int) -> None:
        super().__init__(
            f"entry {error_id} of the quarantine is not open: somebody resolved it, or a retry "
            f"gave the record its place. `cdc-audit quarantine show {error_id}` tells which."
        )
        self.error_id = error_id


class DecryptionError(CdcAuditError):
    """
    Encrypted bytes of a quarantined record do not open. Not retryable with the same keys.

    Attributes:
        key_id: Name of the key that they were encrypted with.
    """

    def __init__(self, coordinates: str, *, key_id: str, problem: str) -> None:
        super().__init__(
            f"the quarantined record {coordinates} is encrypted with the key {key_id!r}: {problem}"
        )
        self.key_id = key_id


class SourceUnavailableError(CdcAuditError):
    """Kafka cannot be reached, or broke off. Retryable."""


class StreamRefusedError(CdcAuditError):
    """
    A partition must not be read on, since that would hide a loss. An operator decides.

    Attributes:
        topic: The topic.
        partition: The partition.
    """

    def __init__(self, topic: str, partition: int, *, problem: str, remedy: str) -> None:
        super().__init__(f"topic {topic}, partition {partition}: {problem} {remedy}")
        self.topic = topic
        self.partition = partition


class SchemaRegistryUnavailableError(CdcAuditError):
    """
    The schema registry does not answer, or refuses us. Retryable: no record is at fault.

    Attributes:
        topic: Topic of the record that needs it, where that is known.
    """

    topic: str | None = None


class TransformerUnavailableError(CdcAuditError):
    """The worker pool is gone or does not fit. Retryable on another transformer."""

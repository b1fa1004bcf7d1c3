"""
The short way of the most frequent record: an ordinary change of PostgreSQL's, in JSON.

    value, key ──▶ typed looks of msgspec ──▶ AuditRecord

What the other modules do step by step, one function does here for a record in which nothing needs
a closer look: no conversion, no escape, no placeholder, no filler. Whatever is else than expected
is left to them, so they alone judge; a property test holds both ways to the same records.
"""

from hashlib import sha256
from typing import Any

import msgspec

from adapters.debezium.change_records import DECODER_VERSION
from adapters.debezium.config import DecoderConfig
from adapters.debezium.envelope import NULL, Envelope
from adapters.debezium.exact_json import (
    UnsafeNumberError,
    decode_exact,
    decode_row,
    encode_sorted,
    is_array,
    is_object,
)
from adapters.debezium.incoming import Incoming
from adapters.debezium.source_block import (
    PostgresSource,
    TransactionBlock,
    read_postgres_source,
)
from adapters.debezium.unavailable import UnavailableValues
from domain.audit_record import AuditRecord
from domain.jsonb_safety import MAX_DEPTH
from domain.operation import BeforeImage, OperationTypeEnum, TimestampSource
from domain.record_key import identity_prefix
from domain.timestamps import EARLIEST, LATEST, ONE_DAY

_OPERATIONS = {
    "c": OperationTypeEnum.INSERT,
    "u": OperationTypeEnum.UPDATE,
    "r": OperationTypeEnum.SNAPSHOT,
}
_SHORT = 1000
"""Bytes of a part that cannot nest deep enough, or hold a number long enough, to harm anything."""

_OBJECT, _NULL = ord("{"), b"null"
_UNDECODED = '{"*":"undecoded"}'
_MOST_TABLES = 10_000
_TWO_QUOTED, _LONGEST_NUMBER = 5, 20


class _Table(msgspec.Struct, frozen=True):
    """What is the same for all records of a table: its hash so far, and how old rows are sent."""

    hash: Any
    may_be_filled: bool


class _Look(msgspec.Struct, gc=False):
    """What the parts of an envelope were read as."""

    operation: OperationTypeEnum
    source: PostgresSource
    metadata: str
    old: "_Row | None"
    new: "_Row"
    key: "_Key | None"


_Row = tuple[str, dict[str, Any]]
"""JSON text, and the columns."""

_Key = tuple[bytes, dict[str, Any]]
"""Canonical JSON, and the columns."""

_Names = tuple[str, str, str, str]


class _LongWayError(Exception):
    """Something needs a closer look."""


_NOT_ORDINARY = (msgspec.MsgspecError, UnicodeError, UnsafeNumberError, _LongWayError)


class ShortWay:
    """
    Decodes the records that it can.

    Args:
        config: Names the placeholder, and the replica identity of tables.
    """

    def __init__(self, config: DecoderConfig) -> None:
        self._identities = config.replica_identity
        unavailable = UnavailableValues(config.unavailable_placeholder)
        self._placeholders = unavailable.texts
        self._traces = unavailable.traces_within
        self._tables: dict[_Names, _Table] = {}

    def decode(self, envelope: Envelope, incoming: Incoming) -> AuditRecord | None:
        """
        The audit record of an ordinary change; None if it needs a closer look.

        Args:
            envelope: The envelope; it came without a schema, and nothing else tells its types.
            incoming: The record that it came as; no header of it means anything to decoding.
        """
        value = incoming.record.value
        if value is None or (b"\\" in value and b"\\u" in value):
            return None
        for trace in self._traces:
            if trace in value:
                return None
        try:
            look = _look(envelope, incoming.record.key)
            if self._may_miss(look):
                return None
            return self._record(look, envelope, incoming)
        except _NOT_ORDINARY:
            return None

    def _may_miss(self, look: _Look) -> bool:
        """Whether a value of an update may stand for one that was not sent."""
        if look.operation is not OperationTypeEnum.UPDATE:
            return False
        for value in look.new[1].values():
            if type(value) is str:
                if value in self._placeholders:
                    return True
            elif is_array(value) or is_object(value):
                return True
        return False

    def _record(self, look: _Look, envelope: Envelope, incoming: Incoming) -> AuditRecord:
        record = incoming.record
        source, block, old = look.source, envelope.transaction, look.old
        names = (source.name, source.db, source.schema, source.table)
        table = self._tables.get(names) or self._new_table(names)
        changed_at, captured, kafka = _times(source, envelope, record.timestamp)
        return AuditRecord(
            stream_id=incoming.stream_id,
            kafka_partition=record.partition,
            kafka_offset=record.offset,
            change_timestamp=changed_at,
            timestamp_source=TimestampSource.SOURCE,
            captured_at=captured,
            kafka_timestamp=kafka,
            connector="postgresql",
            source_name=source.name,
            source_database=source.db,
            source_schema=source.schema,
            source_table=source.table,
            operation=look.operation,
            record_key=None if look.key is None else look.key[0].decode(),
            key_hash=None if look.key is None else _key_hash(table, look.key[0]),
            old_data=None if old is None else old[0],
            new_data=look.new[0],
            changed_columns=None if old is None else _changed(look, table),
            before_image=BeforeImage.ABSENT if old is None else BeforeImage.COMPLETE,
            value_notes=_UNDECODED,
            transaction_id=_transaction_id(source, block),
            transaction_order=None if block is None else block.total_order,
            collection_order=None if block is None else block.data_collection_order,
            lsn=_lsn(source),
            source_position=_position(source),
            source_metadata=look.metadata,
            headers=incoming.look.stored,
            decoder_version=DECODER_VERSION,
        )

    def _new_table(self, names: _Names) -> _Table:
        if len(self._tables) >= _MOST_TABLES:
            self._tables.clear()
        identity = self._identities.get(f"{names[2]}.{names[3]}")
        prefix = identity_prefix("postgresql", *names)
        table = _Table(sha256(prefix), may_be_filled=identity not in (None, "full"))
        self._tables[names] = table
        return table


def _look(envelope: Envelope, key: bytes | None) -> _Look:
    operation = _OPERATIONS.get(envelope.op)
    source = read_postgres_source(envelope.source)
    metadata = str(envelope.source, "utf-8")
    new = _row(envelope.after)
    if (
        operation is None
        or new is None
        or source.connector != "postgresql"
        or not (source.db and source.table)
        or len(metadata) > _SHORT
    ):
        raise _LongWayError
    return _Look(operation, source, metadata, _row(envelope.before), new, _key(key))


def _row(raw: msgspec.Raw) -> _Row | None:
    if raw is NULL:
        return None
    data = bytes(raw)
    if data == _NULL:
        return None
    if len(data) > _SHORT and data.count(b"[") + data.count(b"{") > MAX_DEPTH:
        raise _LongWayError
    return data.decode(), decode_row(data)


def _key(key: bytes | None) -> _Key | None:
    if key is None:
        return None
    if not key or key[0] != _OBJECT or len(key) > _SHORT or b"__dbz__" in key:
        raise _LongWayError
    columns = decode_exact(key)
    if "payload" in columns:  # a wrapper, perhaps
        raise _LongWayError
    return encode_sorted(columns), columns


def _key_hash(table: _Table, canonical: bytes) -> int:
    whole = table.hash.copy()
    whole.update(canonical + b"]")
    return int.from_bytes(whole.digest()[:8], "big", signed=True)


def _times(
    source: PostgresSource, envelope: Envelope, milliseconds: int
) -> tuple[int, int | None, int]:
    changed_at = source.ts_ms * 1000
    if source.ts_ns is not None:
        changed_at = source.ts_ns // 1000
    elif source.ts_us is not None:
        changed_at = source.ts_us
    captured = None if envelope.ts_ms is None else envelope.ts_ms * 1000
    if envelope.ts_ns is not None:
        captured = envelope.ts_ns // 1000
    elif envelope.ts_us is not None:
        captured = envelope.ts_us
    kafka = milliseconds * 1000
    if not (EARLIEST <= changed_at <= kafka + ONE_DAY and EARLIEST <= kafka < LATEST):
        raise _LongWayError
    if captured is not None and not 0 <= captured < LATEST:
        raise _LongWayError
    return changed_at, captured, kafka


def _changed(look: _Look, table: _Table) -> tuple[str, ...]:
    """The columns of an update that differ, where the whole old row was sent."""
    is_update = look.operation is OperationTypeEnum.UPDATE
    if look.old is None or not is_update or table.may_be_filled:
        raise _LongWayError
    before, after = look.old[1], look.new[1]
    if look.key is not None and before.keys() <= look.key[1].keys():
        raise _LongWayError  # the key only
    if before.keys() != after.keys():
        raise _LongWayError
    get = before.__getitem__
    return tuple(
        [  # true and 1 are equal in Python, and differ
            column
            for column, new in after.items()
            if (old := get(column)) != new or type(old) is not type(new)
        ]
    )


def _transaction_id(source: PostgresSource, block: TransactionBlock | None) -> str | None:
    if source.tx_id is not None:
        return str(source.tx_id)
    if block is not None:
        raise _LongWayError
    return None


def _lsn(source: PostgresSource) -> str | None:
    lsn = source.lsn
    if lsn is None:
        return None
    if lsn < 0:
        raise _LongWayError
    return f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"


def _position(source: PostgresSource) -> str:
    """Last commit and position, both in 16 hexadecimal digits."""
    lsn, sequence = source.lsn, source.sequence
    if lsn is None or sequence is None:
        raise _LongWayError
    parts = sequence.split('"')
    if len(parts) != _TWO_QUOTED:  # before the first commit there is one
        raise _LongWayError
    commit = parts[1]
    if not (commit.isascii() and commit.isdigit()) or len(commit) > _LONGEST_NUMBER:
        raise _LongWayError
    return f"{int(commit):016X}/{lsn:016X}"

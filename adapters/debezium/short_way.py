"""
The short way of the most frequent record: an ordinary change of PostgreSQL's, in JSON.

    value ──▶ envelope ──▶ typed looks of msgspec ──▶ OrdinaryChange
    key ─────────────────▶ canonical key, its hash ───┘

What the other modules do step by step is done here at once for a record in which nothing needs a
closer look: no escape, no placeholder, no filler. Whatever is else than expected is left to them,
so they alone judge; a property test holds both ways to the same records.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from struct import Struct as Packing
from typing import Any

import msgspec

from adapters.debezium.change_records import DECODER_VERSION
from adapters.debezium.config import DecoderConfig
from adapters.debezium.envelope import Envelope, read_envelope
from adapters.debezium.exact_json import Json
from adapters.debezium.incoming import Incoming
from adapters.debezium.ordinary_plan import OrdinaryPlan
from adapters.debezium.ordinary_rows import (
    NOT_ORDINARY,
    Columns,
    MissingValues,
    NotOrdinaryError,
    changed_columns,
    has_data_besides,
    read_key,
    read_row,
)
from adapters.debezium.ordinary_source import metadata, positions, times, transaction_id
from adapters.debezium.record_keys import KeyDecoder
from adapters.debezium.row_plan import EnvelopePlan
from adapters.debezium.source_block import PostgresSource, read_postgres_source
from adapters.debezium.unavailable import UnavailableValues
from adapters.debezium.wire_json import WRAPPER
from domain.errors import TransformationError
from domain.operation import BeforeImage, OperationTypeEnum
from domain.ordinary_change import ChangeKind, OrdinaryChange
from domain.record_key import identity_prefix
from domain.source_table import SourceTable

_OPERATIONS = {
    "c": OperationTypeEnum.INSERT,
    "u": OperationTypeEnum.UPDATE,
    "d": OperationTypeEnum.DELETE,
    "r": OperationTypeEnum.SNAPSHOT,
}
_HAVE_OLD, _HAVE_NO_OLD = frozenset("ud"), frozenset("cur")
_UNDECODED = '{"*":"undecoded"}'
_MOST_KNOWN = 10_000

_first_signed = Packing(">q").unpack_from
"""The first 8 bytes as a signed big-endian integer."""


class Known(msgspec.Struct, frozen=True):
    """
    What all changes of a table and operation share.

    Attributes:
        hash: The hash of their keys so far.
        with_old: The kind of those with an old row; None if such are not ordinary.
        without_old: The kind of the others, likewise.
        plan: What the schema asks for; None for nothing.
        defaults: What Debezium fills columns of old rows with, besides what is usual.
    """

    hash: Any
    with_old: ChangeKind | None = None
    without_old: ChangeKind | None = None
    plan: OrdinaryPlan | None = None
    defaults: Mapping[str, Any] = {}

    def kind(self, *, has_old: bool) -> ChangeKind:
        """
        The kind of changes with, or without, an old row.

        Raises:
            NotOrdinaryError: Such are not ordinary.
        """
        kind = self.with_old if has_old else self.without_old
        if kind is None:
            raise NotOrdinaryError
        return kind

    def key_hash(self, canonical: bytes) -> int:
        """The hash of a key of the table."""
        whole = self.hash.copy()
        whole.update(canonical + b"]")
        (number,) = _first_signed(whole.digest())
        return int(number)


_NO_COLUMNS: Mapping[str, Any] = {}
_NOTHING = Known(None)
_Names = tuple[EnvelopePlan | None, str, str, str, str, str]


class ShortWay:
    """
    Decodes the records that it can.

    Args:
        config: Names the placeholder, and the replica identity of tables.
        keys: Decodes keys that come with a schema.
        is_redacted: Whether a rule may speak of a column of a table, by its schema and name.
    """

    def __init__(
        self, config: DecoderConfig, keys: KeyDecoder, is_redacted: Callable[[str, str], bool]
    ) -> None:
        self._keys = keys
        self._unavailable = UnavailableValues(config.unavailable_placeholder)
        self._identities = config.replica_identity
        self._is_redacted = is_redacted
        self._missing = MissingValues(self._unavailable)
        self._known: dict[_Names, Known] = {}

    def change(
        self, payload: bytes, plan: EnvelopePlan | None, incoming: Incoming
    ) -> OrdinaryChange | None:
        """
        The ordinary change that a record is; None if it needs a closer look.

        Args:
            payload: The envelope.
            plan: What its schema says; None without one.
            incoming: The record; no header of it means anything to decoding.
        """
        try:
            return self._change(read_envelope(payload), plan, incoming)
        except NOT_ORDINARY:
            return None

    def _change(
        self, envelope: Envelope, plan: EnvelopePlan | None, incoming: Incoming
    ) -> OrdinaryChange:
        source = read_postgres_source(envelope.source)
        known = self.of_table(source, envelope.op, plan)
        rows: tuple[Json, Json] = (envelope.before, envelope.after)
        if known.plan is not None:
            rows = known.plan.rows(envelope.before, envelope.after)
        (old_text, old), (new_text, new) = read_row(rows[0]), read_row(rows[1])
        kind = known.kind(has_old=old_text is not None)
        key, key_hash, key_columns = self._key(known, incoming)
        changed = self.changed(envelope.op, known.defaults, (old, new), key_columns)
        return self.made(
            kind,
            (source, envelope, incoming),
            (key, key_hash),
            (old_text, new_text, changed),
            metadata(envelope.source),
        )

    def made(
        self,
        kind: ChangeKind,
        read: tuple[PostgresSource, Envelope, Incoming],
        key: tuple[str | None, int | None],
        rows: tuple[str | None, str | None, tuple[str, ...] | None],
        source_text: str,
    ) -> OrdinaryChange:
        """
        The change.

        Args:
            kind: Its kind.
            read: Source block, envelope and record.
            key: Canonical JSON of its key, and its hash.
            rows: Both images, and the columns that differ.
            source_text: The source block to store.
        """
        source, envelope, incoming = read
        record, block = incoming.record, envelope.transaction
        changed_at, captured_at, kafka_at = times(source, envelope, record.timestamp)
        old, new, changed = rows
        return OrdinaryChange(
            kind,
            incoming.stream_id,
            record.partition,
            record.offset,
            changed_at,
            captured_at,
            kafka_at,
            *key,
            old,
            new,
            changed,
            transaction_id(source, block),
            None if block is None else block.total_order,
            None if block is None else block.data_collection_order,
            *positions(source),
            source_text,
            incoming.look.stored,
        )

    def _key(
        self, known: Known, incoming: Incoming
    ) -> tuple[str | None, int | None, Mapping[str, Any]]:
        """The canonical key, its hash, and its columns."""
        key = incoming.record.key
        if key is None:
            return None, None, _NO_COLUMNS
        if key.startswith(WRAPPER):
            decoded = self._keys.decode(incoming, "postgresql")
            if decoded is None or decoded.columns is None:
                raise NotOrdinaryError
            canonical, columns = decoded.canonical, decoded.columns
        else:
            canonical, columns = read_key(key)
        return canonical.decode(), known.key_hash(canonical), columns

    def changed(
        self,
        op: str,
        defaults: Mapping[str, Any],
        rows: tuple[Columns | None, Columns | None],
        key: Mapping[str, Any],
    ) -> tuple[str, ...] | None:
        """
        The columns of an update that differ, if the rows are what its operation needs.

        Raises:
            NotOrdinaryError: They are not, or may be something else than they seem.
        """
        old, new = rows
        if op == "d":
            if new is not None or old is None or not has_data_besides(old, key, defaults):
                raise NotOrdinaryError
            return None
        if new is None or (op == "u" and self._missing.may_be_in(new)):
            raise NotOrdinaryError
        if old is None:
            return None
        if len(old) <= len(key):  # the key only, perhaps
            raise NotOrdinaryError
        return changed_columns(old, new)

    def of_table(self, source: PostgresSource, op: str, plan: EnvelopePlan | None) -> Known:
        """
        What is known of a table.

        Raises:
            NotOrdinaryError: Changes of it are not ordinary.
        """
        names = (plan, source.name, source.db, source.schema, source.table, op)
        known = self._known.get(names)
        if known is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            try:
                known = self._new(source, op, plan)
            except (NotOrdinaryError, TransformationError):
                known = _NOTHING
            self._known[names] = known
        if known is _NOTHING:
            raise NotOrdinaryError
        return known

    def _new(self, source: PostgresSource, op: str, plan: EnvelopePlan | None) -> Known:
        operation = _OPERATIONS.get(op)
        identity = self._identities.get(f"{source.schema}.{source.table}")
        if (
            operation is None
            or not (source.db and source.schema and source.table)
            or self._is_redacted(source.schema, source.table)
        ):
            return _NOTHING
        table = SourceTable("postgresql", source.name, source.db, source.schema, source.table)
        notes = _UNDECODED if plan is None else None

        def kind(image: BeforeImage) -> ChangeKind:
            return ChangeKind(table, operation, image, notes, DECODER_VERSION)

        is_old_sure = op in _HAVE_OLD and identity in {None, "full"}
        return Known(
            sha256(identity_prefix(*table)),
            kind(BeforeImage.COMPLETE) if is_old_sure else None,
            kind(BeforeImage.ABSENT) if op in _HAVE_NO_OLD else None,
            None if plan is None else OrdinaryPlan(plan, self._unavailable),
            {} if plan is None or plan.before is None else plan.before.defaults,
        )

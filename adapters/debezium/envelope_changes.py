"""Envelopes as changes: operation, rows and what must be there, for each kind of connector."""

from collections.abc import Mapping

import msgspec

from adapters.debezium.change import Change
from adapters.debezium.config import DecoderConfig
from adapters.debezium.control_messages import (
    control_message,
    stored_json,
    with_readable_content,
)
from adapters.debezium.envelope import NULL, Envelope
from adapters.debezium.exact_json import Json, decode_members, encode, first_byte
from adapters.debezium.incoming import Incoming
from adapters.debezium.poison import invalid
from adapters.debezium.position import transaction_id
from adapters.debezium.record_keys import KeyDecoder
from adapters.debezium.row_images import RowImages
from adapters.debezium.row_plan import EnvelopePlan
from adapters.debezium.rows import Row
from adapters.debezium.source_block import SourceBlock, read_source
from adapters.debezium.table_types import TableTypes
from adapters.debezium.typed_rows import typed_rows
from domain.control import ControlKind, ControlMessage
from domain.operation import OperationTypeEnum
from domain.timestamps import microseconds

_OPERATIONS = {
    "c": OperationTypeEnum.INSERT,
    "u": OperationTypeEnum.UPDATE,
    "d": OperationTypeEnum.DELETE,
    "r": OperationTypeEnum.SNAPSHOT,
    "t": OperationTypeEnum.TRUNCATE,
}
_CASSANDRA_OPERATIONS = {
    "c": OperationTypeEnum.INSERT,
    "i": OperationTypeEnum.INSERT,
    "u": OperationTypeEnum.UPDATE,
    "d": OperationTypeEnum.DELETE,
    "r": OperationTypeEnum.RANGE_DELETE,
}
_NEEDS_AFTER = frozenset(
    {OperationTypeEnum.INSERT, OperationTypeEnum.UPDATE, OperationTypeEnum.SNAPSHOT}
)
_NO_SOURCE = SourceBlock()


class Context(msgspec.Struct, frozen=True, gc=False):
    """
    What a change is made of besides the envelope's rows.

    Attributes:
        incoming: The consumed record.
        source: The source block; empty where there is none.
        metadata: The source block's JSON, to store.
        told: What an SMT added of the columns' types; None without.
    """

    incoming: Incoming
    source: SourceBlock
    metadata: str | None
    told: msgspec.Raw | None = None


class EnvelopeChanges:
    """Makes changes of envelopes."""

    def __init__(
        self, config: DecoderConfig, keys: KeyDecoder, types: TableTypes | None = None
    ) -> None:
        self._config = config
        self._keys = keys
        self.types = TableTypes(config, {}) if types is None else types
        self._images = RowImages(config)

    def read(self, envelope: Envelope, plan: EnvelopePlan | None, incoming: Incoming) -> Change:
        """
        The change that an ordinary envelope tells of.

        Raises:
            TransformationError: It is none, or what it says is not what its schema says.
            msgspec.MsgspecError: Its source block is no object.
        """
        raw = envelope.source
        if first_byte(raw) == b"n":
            context = Context(incoming, _NO_SOURCE, None)
        else:
            context = Context(incoming, read_source(raw), stored_json(raw))
        return self.change(envelope, plan, context)

    def change(self, envelope: Envelope, plan: EnvelopePlan | None, context: Context) -> Change:
        """The change of an envelope whose source block has been read. Raises as `read` does."""
        if plan is None:
            plan = self.types.plan(context.source, context.told)
        before = self._row(envelope, plan, context, is_old=True)
        after = self._row(envelope, plan, context, is_old=False)
        return self.change_of_rows(envelope, (before, after), plan, context)

    def change_of_rows(
        self,
        envelope: Envelope,
        rows: tuple[Row | None, Row | None],
        plan: EnvelopePlan | None,
        context: Context,
    ) -> Change:
        """The change of an envelope whose rows, old and new, are images already."""
        source, (before, after) = context.source, rows
        connector = source.connector
        table = _CASSANDRA_OPERATIONS if connector == "cassandra" else _OPERATIONS
        operation = table.get(envelope.op)
        if operation is None:
            raise invalid("unknown_op", f"op is {envelope.op!r}; known are c, u, d, r, t and m")
        if after is None and operation in _NEEDS_AFTER and connector != "mongodb":
            raise invalid("missing_after", f"op is {envelope.op!r}, and there is no row after it")
        return Change(
            operation=operation,
            source=source,
            metadata=context.metadata,
            headers=context.incoming.look.stored,
            before=before,
            after=after,
            key=self._keys.decode(context.incoming, connector, typed_rows(plan)),
            transaction=envelope.transaction,
            captured_at=microseconds(envelope.ts_ns, envelope.ts_us, envelope.ts_ms),
            types_known=plan is not None or connector == "mongodb",
            defaults={} if plan is None or plan.before is None else plan.before.defaults,
        )

    def logical_message(
        self, text: Json, plan: EnvelopePlan | None, context: Context
    ) -> ControlMessage:
        """The control message of an envelope with op ``m``, whose JSON is `text`."""
        content_type = None
        if plan is not None and (message := plan.schema.child("message")) is not None:
            content = message.child("content")
            content_type = None if content is None else content.type
        return control_message(
            context.incoming,
            ControlKind.LOGICAL_MESSAGE,
            payload=with_readable_content(text, self._config, content_type=content_type),
            source_name=context.source.name,
            transaction_id=transaction_id(context.source, None),
        )

    def _row(
        self, envelope: Envelope, plan: EnvelopePlan | None, context: Context, *, is_old: bool
    ) -> Row | None:
        raw = envelope.before if is_old else envelope.after
        if raw is NULL:
            return None
        connector = context.source.connector
        searched = self._images.searched(
            envelope.op,
            connector,
            is_old=is_old,
            follows_key_change=context.incoming.look.follows_key_change,
        )
        row_plan = None if plan is None else (plan.before if is_old else plan.after)
        return self._images.image(raw, row_plan, connector, searched)


def open_metadata(source: msgspec.Raw, extra: Mapping[str, msgspec.Raw]) -> str | None:
    """The source block's JSON; members that an SMT added to the envelope are in `envelope`."""
    if not extra:
        return None if first_byte(source) == b"n" else stored_json(source)
    fields = decode_members(source) if first_byte(source) == b"{" else {}
    added = msgspec.Raw(encode(dict(extra)))
    return stored_json(encode({**fields, "envelope": added}))


def patched_columns(extra: Mapping[str, msgspec.Raw]) -> tuple[str, ...] | None:
    """The top-level fields that MongoDB's change description names; None without one."""
    raw = extra.get("updateDescription")
    if raw is None or first_byte(raw) != b"{":
        return None
    description = decode_members(raw)
    names: list[str] = []
    updated = description.get("updatedFields", NULL)
    if first_byte(updated) == b'"':
        names += decode_members(msgspec.json.decode(updated, type=str).encode())
    removed = description.get("removedFields", NULL)
    if first_byte(removed) == b"[":
        names += msgspec.json.decode(removed, type=list[str])
    return tuple(dict.fromkeys(name.partition(".")[0] for name in names))

"""
Every JSON value that is no ordinary envelope, looked at member by member.

Envelopes with members that SMTs added, imitators' envelopes, CloudEvents, flattened rows, and the
records that are no change at all.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from adapters.debezium.change import Change
from adapters.debezium.cloud_events import (
    CloudEvent,
    is_cloud_event,
    read_cloud_event,
    registered_data,
)
from adapters.debezium.config import DecoderConfig
from adapters.debezium.control_messages import control_message
from adapters.debezium.envelope import NULL, Envelope, OpenEnvelope, members_of, open_envelope
from adapters.debezium.envelope_changes import (
    Context,
    EnvelopeChanges,
    open_metadata,
    patched_columns,
)
from adapters.debezium.exact_json import decode_exact, encode, first_byte
from adapters.debezium.flattened_changes import FlattenedChanges
from adapters.debezium.incoming import Incoming
from adapters.debezium.poison import invalid, shown
from adapters.debezium.record_keys import KeyDecoder
from adapters.debezium.registry_wire import Part, RegistryWire
from adapters.debezium.row_plan import EnvelopePlan
from adapters.debezium.shapes import control_kind, is_outbox, null_kind
from adapters.debezium.source_block import SourceBlock, read_source
from adapters.debezium.value_changes import ValueChanges
from adapters.debezium.value_plan import ValuePart, in_json
from adapters.debezium.wire_json import JsonPart, JsonWire
from domain.control import ControlKind, ControlMessage
from domain.operation import OperationTypeEnum
from domain.transaction_identity import grouping_id

Members = Mapping[str, msgspec.Raw]


class Wires(msgspec.Struct, frozen=True):
    """
    The wire formats of values.

    Attributes:
        json: JSON, with its schema or without.
        registry: What a registry knows the schema of.
    """

    json: JsonWire
    registry: RegistryWire


class OtherShapes:
    """Reads values of any shape."""

    def __init__(
        self, config: DecoderConfig, wires: Wires, keys: KeyDecoder, envelopes: EnvelopeChanges
    ) -> None:
        self._config = config
        self._wire = wires.json
        self._registry = wires.registry
        self._values = ValueChanges(config, envelopes)
        self._keys = keys
        self._envelopes = envelopes
        self._flattened = FlattenedChanges(config, keys, envelopes.types)

    def null_value(self, incoming: Incoming) -> Change | ControlMessage:
        """What a Kafka null is: a tombstone, unless key, topic or headers say otherwise."""
        columns = self._keys.raw_columns(incoming)
        kind = null_kind(incoming.record.topic, columns, self._config)
        if incoming.look.is_dead_letter:
            kind = ControlKind.DEAD_LETTER
        if kind is None:
            deleted = self._flattened.delete_by_headers(incoming)
            if deleted is not None:
                return deleted
        return control_message(incoming, kind or ControlKind.TOMBSTONE)

    def value(self, part: JsonPart, incoming: Incoming) -> Change | ControlMessage:
        """
        What a JSON value is.

        Raises:
            TransformationError: It is nothing that Debezium writes.
            msgspec.MsgspecError: It is no JSON.
        """
        if part.schema_id is not None:
            inner = self._registry.json_part(part.schema_id, part.payload)
            return self.registered(inner, incoming)
        members = members_of(part.payload)
        if members is None:
            return self._scalar(part, incoming)
        if is_cloud_event(members):
            event = read_cloud_event(members, members["data"])
            plan = None if event.schema is None else self._wire.plan(event.schema)
            return self._cloud_event(event, plan, incoming)
        data = registered_data(members)
        if data is not None:
            inner = in_json(self._registry.part(data, None))
            return self._cloud_event(read_cloud_event(members, inner.payload), inner.plan, incoming)
        return self._object(members, part, incoming)

    def registered(self, part: Part, incoming: Incoming) -> Change | ControlMessage:
        """What a value out of a registry's format is. Raises as `value` does."""
        if isinstance(part, ValuePart):
            change = self._values.change(part, incoming)
            if change is not None:
                return change
        return self.value(in_json(part), incoming)

    def _scalar(self, part: JsonPart, incoming: Incoming) -> Change | ControlMessage:
        value = decode_exact(part.payload)
        if value is None:
            if part.has_wrapper and part.plan is None:
                return control_message(incoming, ControlKind.TOMBSTONE)
            return self._flattened.delete(incoming)
        if not is_outbox(incoming.record.topic, incoming.look, self._config):
            raise invalid(
                "not_a_change_event",
                f"the value is JSON, but no object: {shown(bytes(part.payload))}",
            )
        return control_message(incoming, ControlKind.OUTBOX, payload=part.payload)

    def _object(
        self, members: Members, part: JsonPart, incoming: Incoming
    ) -> Change | ControlMessage:
        opened = open_envelope(members)
        if opened is not None:
            return self._envelope(opened, part, incoming)
        columns = self._keys.raw_columns(incoming)
        name = None if part.plan is None else part.plan.schema.name
        kind = control_kind(members, name, columns)
        if kind is None and is_outbox(incoming.record.topic, incoming.look, self._config):
            kind = ControlKind.OUTBOX
        if kind is not None:
            return self._control(kind, members, part, incoming)
        if _is_broken_envelope(members):
            raise invalid(
                "missing_op", "there is a source block of Debezium's, and no text `op` beside it"
            )
        return self._flattened.change(members, part, incoming)

    def _envelope(
        self, opened: OpenEnvelope, part: JsonPart, incoming: Incoming
    ) -> Change | ControlMessage:
        envelope = opened.envelope
        has_source = first_byte(envelope.source) == b"{"
        source = read_source(envelope.source) if has_source else SourceBlock()
        metadata = open_metadata(envelope.source, {} if envelope.op == "m" else opened.extra)
        context = Context(incoming, source, metadata, opened.extra.get("sourceSchema"))
        if envelope.op == "m":
            return self._envelopes.logical_message(part.payload, part.plan, context)
        change = self._envelopes.change(envelope, part.plan, context)
        if source.connector == "mongodb":
            change.changed = patched_columns(opened.extra)
        return change

    def _cloud_event(
        self, event: CloudEvent, plan: EnvelopePlan | None, incoming: Incoming
    ) -> Change | ControlMessage:
        whole = open_envelope(event.rows)
        if whole is not None and first_byte(whole.envelope.source) == b"{":
            inner = JsonPart(encode(dict(event.rows)), plan)
            return self._envelope(whole, inner, incoming)
        before, after = event.rows.get("before", NULL), event.rows.get("after", NULL)
        envelope = Envelope(
            op=event.op or _guessed_op(before, after),
            source=NULL,
            before=before,
            after=after,
            transaction=event.transaction,
        )
        context = Context(incoming, event.source, event.metadata)
        change = self._envelopes.change(envelope, plan, context)
        if event.op is None and change.operation is OperationTypeEnum.INSERT:
            change.operation = OperationTypeEnum.UPSERT
        return change

    def _control(
        self, kind: ControlKind, members: Members, part: JsonPart, incoming: Incoming
    ) -> ControlMessage:
        name: str | None = None
        transaction_id: str | None = None
        if kind in {ControlKind.TRANSACTION_BEGIN, ControlKind.TRANSACTION_END}:
            own = decode_exact(members["id"]) if "id" in members else None
            transaction_id = grouping_id(own) if isinstance(own, str) else None
            suffix = self._config.transaction_suffix
            if incoming.record.topic.endswith(suffix):
                name = incoming.record.topic.removesuffix(suffix)
        elif first_byte(members.get("source", NULL)) == b"{":
            source: Any = decode_exact(members["source"])
            name = source.get("name") or source.get("server")
        return control_message(
            incoming,
            kind,
            payload=part.payload,
            source_name=name if isinstance(name, str) else None,
            transaction_id=transaction_id,
        )


def _guessed_op(before: msgspec.Raw, after: msgspec.Raw) -> str:
    """What the rows alone say, where the operation was left out; a lone new row says little."""
    if first_byte(after) == b"n":
        return "d"
    return "c" if first_byte(before) == b"n" else "u"


def _is_broken_envelope(members: Members) -> bool:
    source = members.get("source", NULL)
    if first_byte(source) != b"{" or not members.keys() & {"before", "after", "op", "ts_ms"}:
        return False
    fields: Any = decode_exact(source)
    return "connector" in fields and "name" in fields

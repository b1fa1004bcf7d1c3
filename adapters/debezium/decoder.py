"""
Decodes a consumed record: wire format step, then envelope step, each exchangeable.

    bytes ──▶ JsonWire ──▶ payload, plan ──▶ an ordinary envelope ──▶ Change ──▶ AuditRecord
                                        └──▶ other shapes         ──▶ Change, ControlMessage

The ordinary envelope takes the short way; everything else, and whatever the short way stumbles
over, is looked at member by member. Only that second look judges a record to be poison.
"""

import msgspec

from adapters.debezium.change import Change
from adapters.debezium.change_records import ChangeRecords
from adapters.debezium.config import DecoderConfig
from adapters.debezium.control_messages import control_message
from adapters.debezium.envelope import read_envelope
from adapters.debezium.envelope_changes import EnvelopeChanges
from adapters.debezium.exact_json import encode
from adapters.debezium.incoming import Incoming
from adapters.debezium.other_shapes import OtherShapes
from adapters.debezium.poison import invalid, shown
from adapters.debezium.record_headers import HeaderReader
from adapters.debezium.record_keys import KeyDecoder
from adapters.debezium.repaired import repaired, with_notes
from adapters.debezium.wire_json import JsonWire
from domain.audit_record import AuditRecord
from domain.consumed import ConsumedRecord
from domain.control import ControlKind, ControlMessage, SkippedRecord

_REGISTRY_MAGIC = 0
_SHORTEST_FRAME = 5
_NOT_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class DebeziumDecoder:
    """Decodes records of Debezium's topics. Picklable; it keeps nothing but plans of schemas."""

    def __init__(self, config: DecoderConfig | None = None) -> None:
        self._config = config if config is not None else DecoderConfig()
        self._headers = HeaderReader()
        self._wire = JsonWire()
        self._keys = KeyDecoder()
        self._envelopes = EnvelopeChanges(self._config, self._keys)
        self._others = OtherShapes(self._config, self._wire, self._keys, self._envelopes)
        self._records = ChangeRecords(self._config)

    def __reduce__(self) -> tuple[type["DebeziumDecoder"], tuple[DecoderConfig]]:
        return type(self), (self._config,)

    def decode(
        self, record: ConsumedRecord, stream_id: int
    ) -> AuditRecord | ControlMessage | SkippedRecord:
        incoming = Incoming(record, stream_id, self._headers.look(record.headers))
        value = record.value
        if value is None:
            return self._finished(self._others.null_value(incoming), incoming)
        look = incoming.look
        if look.is_dead_letter or not value or value[0] == _REGISTRY_MAGIC or look.needs_registry:
            return _unusual(value, incoming)
        try:
            part = self._wire.unwrap(record.topic, value)
            envelope = read_envelope(part.payload)
            if envelope.op != "m":
                change = self._envelopes.read(envelope, part.plan, incoming)
                return self._records.audit_record(change, record, stream_id)
        except _NOT_JSON:
            pass
        return self._second_look(value, incoming)

    def _second_look(
        self, value: bytes, incoming: Incoming
    ) -> AuditRecord | ControlMessage | SkippedRecord:
        try:
            return self._looked_at(value, incoming)
        except _NOT_JSON as error:
            fixed = repaired(value)
            if fixed is None:
                raise invalid("invalid_json", f"{error}: {shown(value)}") from error
        try:
            result = self._looked_at(fixed.value, incoming)
        except _NOT_JSON as error:
            raise invalid("invalid_json", f"{error}: {shown(value)}") from error
        return with_notes(result, fixed.notes) if isinstance(result, AuditRecord) else result

    def _looked_at(self, value: bytes, incoming: Incoming) -> AuditRecord | ControlMessage:
        part = self._wire.unwrap_members(incoming.record.topic, value)
        return self._finished(self._others.value(part, incoming), incoming)

    def _finished(
        self, result: Change | ControlMessage, incoming: Incoming
    ) -> AuditRecord | ControlMessage:
        if isinstance(result, ControlMessage):
            return result
        return self._records.audit_record(result, incoming.record, incoming.stream_id)


def _unusual(value: bytes, incoming: Incoming) -> ControlMessage:
    """A value that is not looked at as JSON: put aside by Kafka Connect, empty, or binary."""
    if incoming.look.is_dead_letter:
        try:
            payload = encode(value.decode())
        except UnicodeDecodeError:
            payload = encode({"hex": value.hex()})
        return control_message(incoming, ControlKind.DEAD_LETTER, payload=payload)
    if not value:
        raise invalid("invalid_json", "the value is empty, which is neither JSON nor null")
    if len(value) < _SHORTEST_FRAME and not incoming.look.needs_registry:
        raise invalid("truncated_header", f"a schema registry's prefix cut short: {shown(value)}")
    raise invalid(
        "registry_needed",
        f"the value is in a binary format whose schema is in a registry ({shown(value)}); no "
        f"registry is configured",
    )

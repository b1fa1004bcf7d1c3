"""
Decodes a consumed record: wire format step, then envelope step, each exchangeable.

    bytes ──▶ JsonWire     ──▶ payload, plan ──▶ an ordinary envelope ──▶ Change ──▶ AuditRecord
        └───▶ RegistryWire ──┘              └──▶ other shapes         ──▶ Change, ControlMessage

The ordinary envelope takes the short way; everything else, and whatever the short way stumbles
over, is looked at member by member. Only that second look judges a record to be poison.
"""

from collections.abc import Callable, Collection, Sequence
from functools import partial

import msgspec

from adapters.debezium.change import Change
from adapters.debezium.change_records import ChangeRecords
from adapters.debezium.config import DecoderConfig
from adapters.debezium.control_messages import control_message
from adapters.debezium.envelope import read_envelope
from adapters.debezium.envelope_changes import EnvelopeChanges
from adapters.debezium.exact_json import encode
from adapters.debezium.incoming import Incoming
from adapters.debezium.ordinary_values import OrdinaryValues
from adapters.debezium.other_shapes import OtherShapes, Wires
from adapters.debezium.poison import invalid, shown
from adapters.debezium.record_headers import HeaderReader, Headers
from adapters.debezium.record_keys import KeyDecoder
from adapters.debezium.registered_schemas import RegisteredSchemas
from adapters.debezium.registry_wire import NoRegistry, RegistryWire
from adapters.debezium.repaired import repaired, with_notes
from adapters.debezium.schema_names import MAGIC
from adapters.debezium.short_way import ShortWay
from adapters.debezium.table_types import ColumnTypes, TableTypes
from adapters.debezium.unavailable import MARKERS, UnavailableValues
from adapters.debezium.value_plan import ValuePart
from adapters.debezium.wire_json import JsonPart, JsonWire
from adapters.debezium.wrappings import Wrappings
from application.ordinary_ports import Wrapping
from domain.audit_record import AuditRecord
from domain.consumed import ConsumedRecord
from domain.control import COUNTED_ONLY, ControlKind, ControlMessage, SkippedRecord
from domain.errors import TransformationError
from domain.hash_key import HashKey
from domain.ordinary_change import OrdinaryChange
from domain.redacted_control import redacted_control
from domain.redacted_record import redacted_record
from domain.redaction import ColumnRule, Redaction
from domain.source_table import SourceTable
from domain.source_types import SourceTypes
from domain.unquoted import without_quotes

_OBJECT = ord("{")
_NOT_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class DebeziumDecoder:
    """
    Decodes records of Debezium's topics. Picklable; it keeps nothing but plans of schemas.

    Args:
        config: How records are recognised and decoded.
        rules: What is masked or left out.
        mask_well_known: Whether columns with well-known names of secrets are masked besides.
        hash_key: What rules that hash do it with.
        schemas: The schemas that records name; None where no registry is configured.
        column_types: Types of tables whose records carry no schema, as the configuration has them.

    Raises:
        ConfigurationError: A rule hashes, and there is no key.
    """

    def __init__(  # noqa: PLR0913 - what the container composes
        self,
        config: DecoderConfig | None = None,
        rules: Sequence[ColumnRule] = (),
        *,
        mask_well_known: bool = False,
        hash_key: HashKey | None = None,
        schemas: RegisteredSchemas | None = None,
        column_types: ColumnTypes | None = None,
    ) -> None:
        self._config = config if config is not None else DecoderConfig()
        self._rules = tuple(rules)
        self._mask_well_known = mask_well_known
        self._hash_key = hash_key
        self._schemas = schemas
        redaction = Redaction(rules, mask_well_known=mask_well_known, hash_key=hash_key)
        self._redaction = None if redaction.is_empty else redaction
        self._headers = HeaderReader()
        self._wire = JsonWire()
        self._registry = RegistryWire(schemas or RegisteredSchemas(NoRegistry()))
        self._keys = keys = KeyDecoder(self._registry)
        self._column_types = column_types or {}
        self._types = TableTypes(self._config, self._column_types)
        self._envelopes = EnvelopeChanges(self._config, keys, self._types)
        wires = Wires(self._wire, self._registry)
        self._others = OtherShapes(self._config, wires, keys, self._envelopes)
        self._records = ChangeRecords(self._config)
        self._short = ShortWay(self._config, keys, redaction.concerns)
        self._unavailable = UnavailableValues(self._config.unavailable_placeholder)
        self._values = OrdinaryValues(self._short, keys, self._unavailable)
        self._wrappings = Wrappings(self._wire, keys, self._unavailable)
        self._not_ordinary: ConsumedRecord | None = None
        self._odd_fronts: set[bytes] = set()

    def __reduce__(self) -> tuple[Callable[[], "DebeziumDecoder"], tuple[()]]:
        made = partial(
            DebeziumDecoder,
            self._config,
            self._rules,
            mask_well_known=self._mask_well_known,
            hash_key=self._hash_key,
            schemas=self._schemas,
            column_types=self._column_types,
        )
        return made, ()

    def decode(
        self, record: ConsumedRecord, stream_id: int
    ) -> AuditRecord | ControlMessage | SkippedRecord:
        if record is not self._not_ordinary:
            ordinary = self.ordinary_change(record, stream_id)
            if ordinary is not None:
                return ordinary.record()
        incoming = Incoming(record, stream_id, self._headers.look(record.headers))
        if self._redaction is None:
            return self._with_key(self._decoded(incoming), incoming)
        try:
            result = self._with_key(self._decoded(incoming), incoming)
        except TransformationError as error:
            raise without_quotes(error) from None
        if type(result) is AuditRecord:
            return redacted_record(result, self._redaction, topic=record.topic)
        if type(result) is ControlMessage:
            return redacted_control(result, self._redaction)
        return result

    def ordinary_change(self, record: ConsumedRecord, stream_id: int) -> OrdinaryChange | None:
        look, value = self._headers.look(record.headers), record.value
        change = None
        if value and not look.has_meaning:
            if value[0] == _OBJECT:
                change = self._ordinary_json(value, Incoming(record, stream_id, look))
            elif value[0] == MAGIC:
                change = self._ordinary_registered(value, Incoming(record, stream_id, look))
        if change is None:
            self._not_ordinary = record
        return change

    @property
    def stand_ins(self) -> Collection[str]:
        return self._unavailable.texts

    @property
    def markers(self) -> Collection[str]:
        return MARKERS

    def reads_alone(self, headers: Headers) -> bool:
        return self._types.are_unknown and not self._headers.look(headers).has_meaning

    def stored_headers(self, headers: Headers) -> str | None:
        return self._headers.look(headers).stored

    def wrapping(self, record: ConsumedRecord) -> Wrapping | None:
        return self._wrappings.of(record)

    def _ordinary_json(self, value: bytes, incoming: Incoming) -> OrdinaryChange | None:
        plan = None
        after_schema = self._wire.after_last_schema(incoming.record.topic, value)
        if after_schema is not None:
            value, plan = after_schema
        if plan is None and not self._types.are_unknown:
            return None
        return self._short.change(value, plan, incoming)

    def _ordinary_registered(self, value: bytes, incoming: Incoming) -> OrdinaryChange | None:
        front = self._registry.front(value)
        if front in self._odd_fronts:
            return None
        try:
            part = self._registry.part(value, None)
        except TransformationError:
            return None  # judged on the long way
        change = self._values.change(part, incoming) if isinstance(part, ValuePart) else None
        if change is None and (isinstance(part, JsonPart) or self._values.are_odd(part.plan)):
            self._odd_fronts.add(front)
        return change

    def _with_key(
        self, result: AuditRecord | ControlMessage | SkippedRecord, incoming: Incoming
    ) -> AuditRecord | ControlMessage | SkippedRecord:
        """A control message that is stored, with its key; everything else as it is."""
        if type(result) is not ControlMessage or result.kind in COUNTED_ONLY:
            return result
        return msgspec.structs.replace(result, record_key=self._keys.text(incoming))

    def learn(self, types: SourceTypes) -> None:
        self._types.learn(types)

    def dropped_columns(self, source: SourceTable) -> Collection[str]:
        return () if self._redaction is None else self._redaction.dropped_columns(source)

    def _decoded(self, incoming: Incoming) -> AuditRecord | ControlMessage | SkippedRecord:
        record, look = incoming.record, incoming.look
        value = record.value
        if value is None:
            return self._finished(self._others.null_value(incoming), incoming)
        if look.is_dead_letter or not value:
            return _unusual(value, incoming)
        if value[0] != MAGIC and look.value_schema is None:
            return self._json(value, None, incoming)
        part = self._registry.part(value, look.value_schema)
        if isinstance(part, JsonPart):
            return self._json(bytes(part.payload), part, incoming)
        return self._finished(self._others.registered(part, incoming), incoming)

    def _json(
        self, value: bytes, registered: JsonPart | None, incoming: Incoming
    ) -> AuditRecord | ControlMessage | SkippedRecord:
        """What JSON is; `registered` has what a registry's schema says of it."""
        record = incoming.record
        try:
            part = registered or self._wire.unwrap(record.topic, value)
            envelope = read_envelope(part.payload)
            if envelope.op != "m":
                change = self._envelopes.read(envelope, part.plan, incoming)
                return self._records.audit_record(change, record, incoming.stream_id)
        except _NOT_JSON:
            pass
        return self._second_look(value, registered, incoming)

    def _second_look(
        self, value: bytes, registered: JsonPart | None, incoming: Incoming
    ) -> AuditRecord | ControlMessage | SkippedRecord:
        try:
            return self._looked_at(value, registered, incoming)
        except _NOT_JSON as error:
            fixed = repaired(value)
            if fixed is None:
                raise invalid("invalid_json", f"{error}: {shown(value)}") from error
        try:
            result = self._looked_at(fixed.value, registered, incoming)
        except _NOT_JSON as error:
            raise invalid("invalid_json", f"{error}: {shown(value)}") from error
        return with_notes(result, fixed.notes) if isinstance(result, AuditRecord) else result

    def _looked_at(
        self, value: bytes, registered: JsonPart | None, incoming: Incoming
    ) -> AuditRecord | ControlMessage:
        if registered is None:
            part = self._wire.unwrap_members(incoming.record.topic, value)
        else:
            part = msgspec.structs.replace(registered, payload=value)
        return self._finished(self._others.value(part, incoming), incoming)

    def _finished(
        self, result: Change | ControlMessage, incoming: Incoming
    ) -> AuditRecord | ControlMessage:
        if isinstance(result, ControlMessage):
            return result
        return self._records.audit_record(result, incoming.record, incoming.stream_id)


def _unusual(value: bytes, incoming: Incoming) -> ControlMessage:
    """A value that is not looked at: put aside by Kafka Connect, or empty."""
    if incoming.look.is_dead_letter:
        try:
            payload = encode(value.decode())
        except UnicodeDecodeError:
            payload = encode({"hex": value.hex()})
        return control_message(incoming, ControlKind.DEAD_LETTER, payload=payload)
    raise invalid("invalid_json", "the value is empty, which is neither JSON nor null")

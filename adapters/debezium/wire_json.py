"""
The wire format step for JSON: bytes to a payload and, where one was sent, its schema.

Four forms: the payload alone, ``{"schema": ..., "payload": ...}`` with null or ``{}`` for no
schema, Apicurio's ``{"schemaId": ..., "payload": ...}``, and imitators' ``{"payload": ...}``. A
schema is parsed once. A value that begins with the same schema bytes as the last one of its topic
needs no look at them: the payload is the rest.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from adapters.debezium.connect_schema import read_schema
from adapters.debezium.exact_json import Json, decode_exact, decode_members
from adapters.debezium.row_plan import EnvelopePlan

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_CLOSING = ord("}")
WRAPPER = b'{"schema":'
"""What a key or value with its schema begins with, as Debezium's converter writes it."""

_WRAPPERS = (WRAPPER, b'{"payload":')
_SCHEMA_AND_PAYLOAD = {"schema", "payload"}
_ID_AND_PAYLOAD = {"schemaId", "payload"}
_MOST_SCHEMAS = 1000


class JsonPart(msgspec.Struct, gc=False):
    """
    A key or value, out of its wrapper.

    Attributes:
        payload: JSON text.
        plan: What its schema says; None where none was sent.
        has_wrapper: Whether it was wrapped with a schema, or with null for one.
        schema_id: The id of its schema in Apicurio's registry, where it was wrapped with that.
    """

    payload: Json
    plan: EnvelopePlan | None = None
    has_wrapper: bool = False
    schema_id: int | None = None


class JsonWire:
    """Unwraps keys, or values: one for each, since their converters are configured apart."""

    def __init__(self) -> None:
        self._plans: dict[bytes, EnvelopePlan | None] = {}
        self._last: dict[str, tuple[bytes, EnvelopePlan]] = {}

    def unwrap(self, topic: str, data: bytes) -> JsonPart:
        """
        Take the payload out of `data`; what does not begin as a wrapper is taken as it is.

        So is what names its schema by an id: that is no short way.

        Raises:
            msgspec.MsgspecError: It begins as a wrapper, and is no JSON.
        """
        last = self.last_front(topic, data)
        if last is not None:
            return JsonPart(memoryview(data)[len(last[0]) : -1], last[1], has_wrapper=True)
        if not data.startswith(_WRAPPERS):
            return JsonPart(data)
        part = self.unwrap_members(topic, data)
        return part if part.schema_id is None else JsonPart(data)

    def last_front(self, topic: str, data: bytes) -> tuple[bytes, EnvelopePlan] | None:
        """What is in front of the payload of what begins as the last of its topic, and its plan."""
        last = self._last.get(topic)
        if last is None or not data.startswith(last[0]) or data[-1] != _CLOSING:
            return None
        return last

    def after_last_schema(self, topic: str, data: bytes) -> tuple[bytes, EnvelopePlan] | None:
        """The payload, and its plan, of what begins as the last of its topic; None for other."""
        last = self.last_front(topic, data)
        return None if last is None else (data[len(last[0]) : -1], last[1])

    def unwrap_members(self, topic: str, data: bytes) -> JsonPart:
        """Take the payload out of `data` whatever its order and spaces are."""
        data = data.removeprefix(BYTE_ORDER_MARK)
        if data.lstrip()[:1] != b"{":
            return JsonPart(data)
        members = decode_members(data)
        if members.keys() == _SCHEMA_AND_PAYLOAD:
            return self._with_schema(topic, data, bytes(members["schema"]), members["payload"])
        if members.keys() == {"payload"} and _looks_like_an_envelope(members["payload"]):
            return JsonPart(members["payload"])
        if members.keys() == _ID_AND_PAYLOAD:
            return _with_id(data, members)
        return JsonPart(data)

    def _with_schema(
        self, topic: str, data: bytes, schema: bytes, payload: msgspec.Raw
    ) -> JsonPart:
        try:
            plan = self.plan(schema)
        except msgspec.ValidationError:
            # a user's row with exactly the columns `schema` and `payload`
            return JsonPart(data)
        if plan is not None:
            prefix = b"".join((WRAPPER, schema, b',"payload":'))
            if data.startswith(prefix):
                self._last[topic] = prefix, plan
        return JsonPart(payload, plan, has_wrapper=True)

    def plan(self, schema: bytes) -> EnvelopePlan | None:
        """
        What a schema says; None for null and ``{}``, which say nothing.

        Raises:
            msgspec.ValidationError: It is no schema.
        """
        if schema in self._plans:
            return self._plans[schema]
        parsed = None if schema == b"{}" else read_schema(schema)
        if len(self._plans) >= _MOST_SCHEMAS:
            self._plans.clear()
        plan = self._plans[schema] = None if parsed is None else EnvelopePlan(parsed)
        return plan


def schema_id_of(value: Mapping[str, Any]) -> int | None:
    """The id in Apicurio's ``{"schemaId": ..., "payload": ...}``; None for another object."""
    schema_id: object = value.get("schemaId")
    if len(value) != len(_ID_AND_PAYLOAD) or "payload" not in value:
        return None
    return schema_id if type(schema_id) is int and schema_id > 0 else None


def _with_id(data: bytes, members: Mapping[str, msgspec.Raw]) -> JsonPart:
    schema_id = schema_id_of({**members, "schemaId": decode_exact(members["schemaId"])})
    if schema_id is None:
        return JsonPart(data)  # a user's row with exactly these columns
    return JsonPart(members["payload"], has_wrapper=True, schema_id=schema_id)


def _looks_like_an_envelope(payload: msgspec.Raw) -> bool:
    try:
        keys = decode_members(payload).keys()
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return "op" in keys and ("source" in keys or keys >= {"before", "after"})

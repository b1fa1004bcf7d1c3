"""
What is around the JSON of records that were decoded, for whoever goes on without the decoder.

    value, key ──▶ schema in front ──▶ conversions of columns, defaults
"""

from adapters.debezium.ordinary_plan import OrdinaryPlan
from adapters.debezium.ordinary_rows import NotOrdinaryError
from adapters.debezium.record_keys import KeyDecoder
from adapters.debezium.unavailable import UnavailableValues
from adapters.debezium.wire_json import WRAPPER, JsonWire
from application.ordinary_ports import Wrapping
from domain.consumed import ConsumedRecord
from domain.errors import TransformationError


class Wrappings:
    """
    Looks at what is around records.

    Args:
        wire: Has unwrapped their values.
        keys: Has decoded their keys.
        unavailable: Values that stand for others.
    """

    def __init__(self, wire: JsonWire, keys: KeyDecoder, unavailable: UnavailableValues) -> None:
        self._wire = wire
        self._keys = keys
        self._unavailable = unavailable

    def of(self, record: ConsumedRecord) -> Wrapping | None:
        """What is around a record; None where it is not known."""
        value, key = record.value or b"", record.key or b""
        key_front = None
        if key.startswith(WRAPPER):
            key_front = self._keys.plain_front(record.topic, key)
            if key_front is None:
                return None
        if not value.startswith(WRAPPER):
            return Wrapping(key_front=key_front)
        last = self._wire.last_front(record.topic, value)
        if last is None or last[1].before is None:
            return None
        front, plan = last
        try:
            conversions = OrdinaryPlan(plan, self._unavailable).conversions
            with_default = frozenset(last[1].before.defaults)
        except (NotOrdinaryError, TransformationError):
            return None
        return Wrapping(front, key_front, conversions, with_default)

"""
Which shape a JSON value has that is no ordinary envelope: the order of the reference's 1.11.

A schema's name settles it where there is one. Topic names are hints only, since SMTs change them.
"""

from collections.abc import Mapping

import msgspec

from adapters.debezium.config import DecoderConfig
from adapters.debezium.exact_json import first_byte
from adapters.debezium.record_headers import HeaderLook
from domain.control import ControlKind

_COMMON = "io.debezium.connector.common."
_BEGIN_AND_END = {b'"BEGIN"': ControlKind.TRANSACTION_BEGIN, b'"END"': ControlKind.TRANSACTION_END}
_BEAT, _BEAT_KEY = frozenset({"ts_ms"}), frozenset({"serverName"})
_SIGNAL = frozenset({"type", "data"})
_TRANSACTION_KEY = frozenset({"id"})
_SCHEMA_CHANGE_KEY = frozenset({"databaseName"})
_TRANSACTION_FIELDS = frozenset({"status", "id", "event_count"})


def is_outbox(topic: str, look: HeaderLook, config: DecoderConfig) -> bool:
    """Whether the topic or a header `id` says that a record comes from an outbox."""
    prefix = config.outbox_prefix
    if prefix is not None and (topic.startswith(prefix) or f".{prefix}" in topic):
        return True
    return look.has_id


def control_kind(
    members: Mapping[str, msgspec.Raw],
    schema_name: str | None,
    key_columns: Mapping[str, object],
) -> ControlKind | None:
    """
    Which control message a JSON object is; None if it is none.

    Args:
        members: The value's members.
        schema_name: The name of its schema; None without one.
        key_columns: The columns of the record's key.
    """
    names = frozenset(members)
    named = schema_name or ""
    if names >= _TRANSACTION_FIELDS or named.startswith(f"{_COMMON}TransactionMetadata"):
        kind = _BEGIN_AND_END.get(bytes(members.get("status", b"")))
        if kind is not None:
            return kind
    is_schema_change = "tableChanges" in names or names >= {"ddl", "databaseName"}
    if is_schema_change or named.endswith("SchemaChangeValue"):
        return ControlKind.SCHEMA_HISTORY if "position" in names else ControlKind.SCHEMA_CHANGE
    if names >= {"aggregate_type", "type"} or named.startswith(f"{_COMMON}Notification"):
        return ControlKind.NOTIFICATION
    if names == _SIGNAL and first_byte(members["type"]) == b'"':
        return ControlKind.SIGNAL
    is_beat = names == _BEAT and frozenset(key_columns) == _BEAT_KEY
    return ControlKind.HEARTBEAT if is_beat or named == f"{_COMMON}Heartbeat" else None


def null_kind(
    topic: str, key_columns: Mapping[str, object], config: DecoderConfig
) -> ControlKind | None:
    """
    Which control message a Kafka null is; None if it is a row's tombstone.

    CloudEventsConverter writes null for every record that is no envelope.
    """
    if frozenset(key_columns) == _BEAT_KEY or topic.startswith(config.heartbeat_prefix):
        return ControlKind.HEARTBEAT
    if topic.endswith(config.transaction_suffix) and frozenset(key_columns) == _TRANSACTION_KEY:
        return ControlKind.TRANSACTION
    return ControlKind.SCHEMA_CHANGE if frozenset(key_columns) == _SCHEMA_CHANGE_KEY else None

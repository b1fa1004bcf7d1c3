"""
How far the old row of a change can be trusted.

PostgreSQL sends, by a table's replica identity, all of the old row, its key, or nothing; and
Debezium fills the rest of the row: null where that is allowed, else a default, which looks like
data. Other sources send the whole row or none. Where the configuration does not name a table's
identity, fillers are recognised by look: a delete of which every column outside the key is null or
a default is taken for invented.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from adapters.debezium.change import Change
from adapters.debezium.config import DecoderConfig, ReplicaIdentity
from domain.operation import BeforeImage, OperationTypeEnum

_EPOCH = "1970-01-01"
_FILLER_TEXTS = frozenset(
    {"", "{}", "[]", "0x", "PT0S", "00:00:00", "00000000-0000-0000-0000-000000000000", "AA=="}
)


def judge_before(change: Change, config: DecoderConfig) -> BeforeImage:
    """Judge the old row of `change`; `config` names the replica identity of tables."""
    before, source = change.before, change.source
    if before is None:
        return BeforeImage.ABSENT
    identity = config.replica_identity.get(f"{source.schema}.{source.table}")
    may_be_filled = source.connector in {"postgresql", None} and identity != "full"
    if not may_be_filled or before.values is None:
        return BeforeImage.COMPLETE
    key = change.key
    key_columns: Mapping[str, Any] = {}
    if key is not None and key.columns is not None:
        key_columns = key.columns
    others = {name: value for name, value in before.values.items() if name not in key_columns}
    if key_columns and not others:
        return BeforeImage.KEY
    return _judge_others(others, change, identity, has_key=bool(key_columns))


def _judge_others(
    others: Mapping[str, Any], change: Change, identity: ReplicaIdentity | None, *, has_key: bool
) -> BeforeImage:
    """Judge by the columns outside the key, where the table's replica identity is not full."""
    if identity is not None:
        return BeforeImage.INVENTED
    if change.operation is not OperationTypeEnum.DELETE or not has_key:
        return BeforeImage.COMPLETE
    defaults = change.defaults
    invented = all(is_filler(value) or defaults.get(n) == value for n, value in others.items())
    return BeforeImage.INVENTED if invented else BeforeImage.COMPLETE


def is_filler(value: Any) -> bool:
    """Whether a value is null or what Debezium fills a column of its type with."""
    if value is None or value == 0:
        return True
    if type(value) is msgspec.Raw:
        return float(bytes(value)) == 0
    if type(value) is not str:
        return value in ([], {})
    return value in _FILLER_TEXTS or value.startswith(_EPOCH) or not value.strip("0.")

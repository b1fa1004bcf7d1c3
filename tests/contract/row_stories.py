"""Changes of rows for the tests of questions: of one table, by key, in order."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from application.questions import TrailQuestions, questions_to
from application.trail_query import StoredRecord
from domain.operation import OperationTypeEnum
from domain.record_key import identity_prefix, key_hash
from domain.row_identity import RowIdentity
from domain.source_table import SourceTable
from tests.builders import NOON, SECOND
from tests.contract.trails import Trail

ORDERS = SourceTable("postgresql", "shop", "shop", "public", "orders")

Fields = Mapping[str, object]


def order(key: int | str) -> RowIdentity:
    """Give the row of `orders` with this id."""
    return RowIdentity(ORDERS, f'{{"id":{json.dumps(key)}}}')


def at(second: int) -> int:
    """Give the time of the change at this offset."""
    return NOON + second * SECOND


def keyed(key: int, *, table: str = "orders", **fields: object) -> Fields:
    """Give fields of a change under a key."""
    text = f'{{"id":{key}}}'
    prefix = identity_prefix("postgresql", "shop", "shop", "public", table)
    return {
        "record_key": text,
        "key_hash": key_hash(prefix, text.encode()),
        "source_table": table,
        **fields,
    }


def inserted(key: int, /, _old_key: int | None = None, **values: object) -> Fields:
    """Give an INSERT; under a new key if an old one is named."""
    headers = {"headers": _header("oldkey", _old_key)} if _old_key is not None else {}
    return keyed(
        key,
        operation=OperationTypeEnum.INSERT,
        old_data=None,
        new_data=_row(key, values),
        changed_columns=None,
        **headers,
    )


def updated(key: int, old: Mapping[str, object], new: Mapping[str, object]) -> Fields:
    """Give an UPDATE with both images."""
    changed = tuple(name for name in new if old.get(name) != new[name])
    return keyed(key, old_data=_row(key, old), new_data=_row(key, new), changed_columns=changed)


def deleted(key: int, /, _new_key: int | None = None, **values: object) -> Fields:
    """Give a DELETE; of an old key if a new one is named."""
    headers = {"headers": _header("newkey", _new_key)} if _new_key is not None else {}
    return keyed(
        key,
        operation=OperationTypeEnum.DELETE,
        old_data=_row(key, values),
        new_data=None,
        changed_columns=None,
        **headers,
    )


def truncated() -> Fields:
    """Give a TRUNCATE of the table."""
    return {"operation": OperationTypeEnum.TRUNCATE, "old_data": None, "new_data": None}


def questions(trail: Trail) -> TrailQuestions:
    """Wire all questions to a trail."""
    return questions_to(trail.readers)


def offsets_of(found: Sequence[StoredRecord]) -> Sequence[int]:
    """Offsets, in order."""
    return [stored.record.kafka_offset for stored in found]


def _row(key: int, values: Mapping[str, Any]) -> str:
    return json.dumps({"id": key, **values}, separators=(",", ":"))


def _header(name: str, key: int) -> str:
    return json.dumps([[f"__debezium.{name}", json.dumps({"id": key})]])

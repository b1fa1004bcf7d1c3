"""Reads both accounts of what happened: the source's own, and the trail's. Plain SQL on purpose."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import psycopg
from psycopg.rows import dict_row

from entrypoints.demo.comparison import Change, TableShape
from entrypoints.demo.shop import PREFIX, SOURCE_DATABASE
from entrypoints.demo.values import Unreadable, UnreadableValueError, Value, read_value

_SHAPES = """
SELECT c.relname AS name, c.relreplident = 'f' AS full,
    json_object_agg(a.attname, format_type(a.atttypid, NULL) ORDER BY a.attnum) AS kinds,
    coalesce(
        json_agg(a.attname ORDER BY array_position(i.indkey::int2[], a.attnum))
            FILTER (WHERE a.attnum = ANY (i.indkey::int2[])),
        '[]'
    ) AS key
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
GROUP BY c.relname, c.relreplident
"""

_TRUTH = """
SELECT id, relation, operation, old_row::text, new_row::text, transaction,
    (extract(epoch FROM clock) * 1000000)::bigint AS at
FROM truth.history ORDER BY id
"""

_TRAIL = """
SELECT concat_ws('-', stream_id, kafka_partition, kafka_offset) AS place, source_table, operation,
    record_key, old_data::text, new_data::text, before_image, transaction_id, transaction_order,
    (extract(epoch FROM change_timestamp) * 1000000)::bigint AS at
FROM audit_logging
WHERE source_name = %s AND source_database = %s
ORDER BY stream_id, kafka_partition, kafka_offset
"""

_ACCOUNTING = """
SELECT topic, partition, first_offset, next_offset,
    audited, baseline, control, skipped, quarantined, absent
FROM audit_accounting WHERE cluster_id <> 'cdc-audit' ORDER BY topic, partition
"""

_QUARANTINE = """
SELECT topic, kafka_partition AS partition, kafka_offset AS offset,
    raw_key, raw_value, error_message
FROM processing_error ORDER BY id
"""


_NO_TABLE = TableShape({}, (), full=False)  # the trail names one that the source does not have


class PartitionAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the offsets of one stream partition: a row of `audit_accounting`."""

    topic: str
    partition: int
    first_offset: int
    next_offset: int
    audited: int
    baseline: int
    control: int
    skipped: int
    quarantined: int
    absent: int

    @property
    def unaccounted(self) -> int:
        """Offsets that the account has lost, or counted twice; 0 is right."""
        accounted = self.audited + self.baseline + self.control + self.skipped
        accounted += self.quarantined + self.absent
        return self.next_offset - self.first_offset - accounted


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the quarantine."""

    topic: str
    partition: int
    offset: int
    raw_key: bytes | None
    raw_value: bytes | None
    error_message: str


def read_shapes(shop_dsn: str) -> Mapping[str, TableShape]:
    """Read what the source's tables are like."""
    rows = _query(shop_dsn, _SHAPES)
    return {row["name"]: TableShape(row["kinds"], row["key"], row["full"]) for row in rows}


def read_truth(shop_dsn: str, shapes: Mapping[str, TableShape]) -> Sequence[Change]:
    """Read the source's own account, in the order in which things happened."""
    return [_true_change(row, shapes[row["relation"]]) for row in _query(shop_dsn, _TRUTH)]


def read_trail(trail_dsn: str, shapes: Mapping[str, TableShape]) -> Sequence[Change]:
    """Read what the trail has of the shop, in the order of its offsets."""
    rows = _query(trail_dsn, _TRAIL, PREFIX, SOURCE_DATABASE)
    return [_told_change(row, shapes.get(row["source_table"], _NO_TABLE)) for row in rows]


def read_accounting(trail_dsn: str) -> Sequence[PartitionAccount]:
    """Read what became of every offset."""
    return [PartitionAccount(**row) for row in _query(trail_dsn, _ACCOUNTING)]


def read_quarantine(trail_dsn: str) -> Sequence[Quarantined]:
    """Read the quarantine."""
    return [Quarantined(**row) for row in _query(trail_dsn, _QUARANTINE)]


def _query(dsn: str, query: str, *values: object) -> list[dict[str, Any]]:
    with psycopg.connect(dsn) as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), values or None).fetchall()


def _true_change(row: Mapping[str, Any], shape: TableShape) -> Change:
    old, new = _row(row["old_row"], shape), _row(row["new_row"], shape)
    known = new or old or {}
    return Change(
        table=row["relation"],
        operation=row["operation"],
        key=tuple(known[column] for column in shape.key) if known else (),
        old=old,
        new=new,
        transaction=row["transaction"],
        at=row["at"],
        place=f"history {row['id']}",
        order=row["id"],
    )


def _told_change(row: Mapping[str, Any], shape: TableShape) -> Change:
    key = _row(row["record_key"], shape)
    return Change(
        table=row["source_table"],
        operation=row["operation"],
        key=() if key is None else tuple(key.get(column) for column in shape.key),
        old=_row(row["old_data"], shape),
        new=_row(row["new_data"], shape),
        transaction=row["transaction_id"] or "",
        at=row["at"],
        place=f"trail {row['place']}",
        order=row["transaction_order"],
        before_image=row["before_image"],
    )


def _row(text: str | None, shape: TableShape) -> dict[str, Value] | None:
    if text is None:
        return None
    # Numbers keep their digits: a float would hide a difference.
    raw: dict[str, Any] = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    return {column: _value(value, shape.kinds.get(column)) for column, value in raw.items()}


def _value(raw: object, kind: str | None) -> Value:
    if kind is None:
        return Unreadable(f"{raw!r}, of a column that the source does not have")
    try:
        return read_value(raw, kind)
    except UnreadableValueError as error:
        return Unreadable(str(error))

"""
Finds the change that the database tells of for each decoded one, and compares their rows.

    recording ──▶ decoder ──▶ audit record ──┐
                                             ├──▶ the same table, operation and key ──▶ columns
    truth ───────────────────────────────────┘

Of several that fit, the first that differs least is taken: statements list rows in the table's
order, events come in the log's. An update that changes nothing is no change for the truth.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from adapters.debezium.connect_schema import ConnectSchema
from adapters.debezium.row_plan import RowPlan
from domain.audit_record import AuditRecord
from domain.column_notes import Side, read_notes
from domain.consumed import RawRecord
from domain.operation import BeforeImage, OperationTypeEnum, ValueNote
from tests.unit.debezium.database_text import of_database, of_image
from tests.unit.debezium.explained import explanation
from tests.unit.debezium.recordings import (
    Row,
    TrueChange,
    decoder_of,
    recording,
    row_schema,
    truth,
)

_OPS = {
    OperationTypeEnum.INSERT: "c",
    OperationTypeEnum.SNAPSHOT: "c",
    OperationTypeEnum.UPDATE: "u",
    OperationTypeEnum.UPSERT: "cu",
    OperationTypeEnum.DELETE: "d",
    OperationTypeEnum.TRUNCATE: "t",
}
_FILLED = frozenset({BeforeImage.KEY, BeforeImage.INVENTED})
_EMPTY = ConnectSchema("struct")


class Difference(msgspec.Struct, frozen=True):
    """
    A column of which the database and an image say something else, without explanation.

    Attributes:
        offset: Offset of the record.
        column: Name of the column, with its image.
        database: Its text in the database.
        image: Its value in the image.
    """

    offset: int
    column: str
    database: str | None
    image: object


class Found(msgspec.Struct):
    """
    What came of comparing a recording with the truth.

    Attributes:
        differences: Columns that differ without explanation.
        compared: How many columns were compared.
        reasons: Explanations that were needed.
        unknown: Columns that could not be compared, since nothing tells their type.
        no_change: Offsets of updates that change nothing.
        not_told: Changes that the truth does not tell of: table and letter, counted.
        not_sent: Changes of the truth that were not sent: table and letter, counted.
    """

    differences: list[Difference]
    compared: int
    reasons: set[str]
    unknown: set[str]
    no_change: list[int]
    not_told: Counter[str]
    not_sent: Counter[str]


class Images(msgspec.Struct, frozen=True):
    """
    A decoded change with its images as JSON, and the schema that says how to read them.

    Attributes:
        record: The change.
        table: Bare name of its table.
        schema: The schema of its rows.
        old: Its old row.
        new: Its new row.
    """

    record: AuditRecord
    table: str
    schema: ConnectSchema
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None


def compared(name: str) -> Found:
    """Decode a recording, and compare each of its changes with the truth."""
    return matched(_changes(name), truth(name))


def matched(changes: Iterable[Images], told: Iterable[TrueChange]) -> Found:
    """Compare decoded changes with those that a database tells of."""
    found = Found([], 0, set(), set(), [], Counter(), Counter())
    left = list(told)
    rows: dict[str, Row | None] = {}
    for images in changes:
        key = f"{images.table} {images.record.record_key}"
        if _changes_nothing(images, rows.get(key)):
            found.no_change.append(images.record.kafka_offset)
            continue
        change = _best(images, left)
        if change is None:
            found.not_told[f"{images.table} {_OPS[images.record.operation]}"] += 1
            continue
        left.remove(change)
        rows[key] = change.after
        _differing(images, change, found)
    found.not_sent = Counter(f"{change.table} {change.op}" for change in left)
    return found


def _changes(name: str) -> Sequence[Images]:
    decoder = decoder_of(name)
    numbers: defaultdict[str, int] = defaultdict(int)
    changes: list[Images] = []
    for record in recording(name):
        result = decoder.decode(record, 1)
        if isinstance(result, AuditRecord):
            table = result.source_table or record.topic.rpartition(".")[2]
            schema = row_schema(name, table, numbers[table])
            numbers[table] += 1
            changes.append(_images(result, record, table, schema))
    return changes


def _images(
    result: AuditRecord, record: RawRecord, table: str, schema: ConnectSchema | None
) -> Images:
    knew = (record.value or b"").startswith((b'{"schema":{', b"\0"))
    plan = None if knew or schema is None else RowPlan(schema)
    old, new = (_columns(text, plan) for text in (result.old_data, result.new_data))
    return Images(result, table, schema or _EMPTY, old, new)


def _columns(text: str | None, plan: RowPlan | None) -> Mapping[str, Any] | None:
    """An image's columns; what was stored undecoded is decoded by `plan`, as a reader could."""
    if text is None:
        return None
    if plan is not None:
        text = plan.row(msgspec.Raw(text.encode()), None).text
    columns: dict[str, Any] = json.loads(text, parse_float=str)
    return columns


def _changes_nothing(images: Images, row: Row | None) -> bool:
    if row is None or images.record.operation is not OperationTypeEnum.UPDATE:
        return False
    if any(images.schema.child(column) is None for column in row):
        return False
    return not _differing(images, TrueChange(0, images.table, "u", row, row))


def _best(images: Images, left: Sequence[TrueChange]) -> TrueChange | None:
    """The change of the truth that differs least; without a key it must not differ at all."""
    key: Any = json.loads(images.record.record_key or "{}")
    fitting = [
        change
        for change in left
        if change.table == images.table
        and change.op in _OPS[images.record.operation]
        and _has_key(change, key)
        and (key or not _differing(images, change))
    ]
    return min(fitting, key=lambda change: len(_differing(images, change)), default=None)


def _has_key(change: TrueChange, key: Mapping[str, Any]) -> bool:
    row = change.after or change.before or {}
    return all(row.get(column) == str(value) for column, value in key.items())


def _differing(images: Images, change: TrueChange, found: Found | None = None) -> list[Difference]:
    found = found or Found([], 0, set(), set(), [], Counter(), Counter())
    before = len(found.differences)
    _compare(images, "old", change.before, found)
    _compare(images, "new", change.after, found)
    return found.differences[before:]


def _compare(images: Images, side: Side, row: Row | None, found: Found) -> None:
    image = images.old if side == "old" else images.new
    if image is None:
        return
    if row is None:
        found.differences.append(Difference(images.record.kafka_offset, side, None, image))
        return
    for column in _comparable(images, side, row, image):
        node = images.schema.child(column)
        if node is None:
            found.unknown.add(column)
            continue
        found.compared += 1
        if column not in image or of_database(row.get(column), node) != of_image(
            image[column], node
        ):
            _explain(images, side, column, (row.get(column), image.get(column)), found)


def _comparable(images: Images, side: Side, row: Row, image: Mapping[str, Any]) -> Sequence[str]:
    """The columns that can be trusted and were sent."""
    if side == "old" and images.record.before_image in _FILLED:
        return tuple(json.loads(images.record.record_key or "{}"))
    notes = read_notes(images.record.value_notes)
    return [
        column
        for column in dict.fromkeys((*row, *image))
        if not any(
            note.word == ValueNote.UNAVAILABLE and side in note.sides
            for note in notes.get(column, ())
        )
    ]


def _explain(
    images: Images, side: Side, column: str, values: tuple[str | None, Any], found: Found
) -> None:
    reason = explanation(column, *values)
    if reason is not None:
        found.reasons.add(reason.why)
    else:
        offset = images.record.kafka_offset
        found.differences.append(Difference(offset, f"{column} ({side})", *values))

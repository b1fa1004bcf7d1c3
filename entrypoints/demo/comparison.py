"""
Holds what the trail says against what the source says of itself. Pure.

For each row of the source, its changes must be in the trail: each once, in the order in which they
happened, with its transaction, its time and its values. Where the source's replica identity does
not give the old row, the trail must not claim to have it.
"""

import collections
import enum
import itertools
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from entrypoints.demo.values import Value

Row = Mapping[str, Value]
SNAPSHOT, UPDATE, DELETE = "SNAPSHOT", "UPDATE", "DELETE"


class TableShape(msgspec.Struct, frozen=True):
    """
    What a table of the source is like.

    Attributes:
        kinds: Its columns, and the name of each one's type.
        key: Columns of its primary key.
        full: Whether its replica identity is FULL: the old row is known.
    """

    kinds: Mapping[str, str]
    key: Sequence[str]
    full: bool


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """
    One change of one row, as either side tells it.

    Attributes:
        table: The table.
        operation: What happened.
        key: Values of the key's columns, in their order; empty for TRUNCATE.
        old: The row before; None where there is none, or where it is not known.
        new: The row after; None where there is none.
        transaction: The source's own number of the transaction.
        at: Microseconds since 1970, UTC: the source's clock at the change, or the trail's
            change timestamp.
        place: Where it stands on its side, for people to look it up.
        order: Rises with the changes of one transaction; None where the side does not tell.
        before_image: How far the trail says `old` can be trusted; the source's is always complete.
    """

    table: str
    operation: str
    key: tuple[Value, ...]
    old: Row | None
    new: Row | None
    transaction: str
    at: int
    place: str
    order: int | None = None
    before_image: str = "complete"


class Fault(enum.StrEnum):
    """In what way the trail is wrong."""

    MISSING = "missing"
    EXTRA = "extra"
    WRONG_ORDER = "wrong order"
    WRONG_VALUE = "wrong value"
    WRONG_TIME = "wrong time"


class Difference(msgspec.Struct, frozen=True):
    """
    One thing that the trail has wrong.

    Attributes:
        fault: In what way.
        table: Of which table.
        operation: Of which operation.
        what: Row, place and values, in words.
    """

    fault: Fault
    table: str
    operation: str
    what: str


def compare(
    truth: Iterable[Change], trail: Iterable[Change], shapes: Mapping[str, TableShape]
) -> Sequence[Difference]:
    """
    Compare all changes.

    Args:
        truth: The source's own account; of one row in the order in which they happened.
        trail: What the trail holds; of one row in the order of its offsets.
        shapes: The source's tables.
    """
    made, found = _by_row(truth), _by_row(trail)
    differences: list[Difference] = []
    pairs: list[tuple[Change, Change]] = []
    for row in {**made, **found}:
        matched, wrong = _match(made.get(row, []), found.get(row, []))
        pairs += matched
        differences += wrong
    for true, told in pairs:
        differences += _compare_values(true, told, shapes[true.table])
    differences += _compare_order(pairs)
    return differences


def _by_row(changes: Iterable[Change]) -> dict[tuple[str, tuple[Value, ...]], list[Change]]:
    rows: dict[tuple[str, tuple[Value, ...]], list[Change]] = collections.defaultdict(list)
    for change in changes:
        rows[change.table, change.key].append(change)
    return rows


def _event(change: Change) -> tuple[str, str]:
    """By what two sides know the same change of a row. A snapshot reads in a transaction of its."""
    return change.operation, "" if change.operation == SNAPSHOT else change.transaction


def _match(
    made: Sequence[Change], found: Sequence[Change]
) -> tuple[list[tuple[Change, Change]], list[Difference]]:
    """Pair the changes of one row: the first with the first of the same event, and so on."""
    waiting: dict[tuple[str, str], list[Change]] = collections.defaultdict(list)
    for change in found:
        waiting[_event(change)].append(change)
    pairs = [(true, same.pop(0)) for true in made if (same := waiting[_event(true)])]
    paired = {id(true) for true, _ in pairs}
    wrong = [_difference(Fault.MISSING, c) for c in made if id(c) not in paired]
    wrong += [_difference(Fault.EXTRA, c) for same in waiting.values() for c in same]
    told = {id(change): position for position, change in enumerate(found)}
    positions = [told[id(change)] for _, change in pairs]
    for (true, _), position, before in zip(pairs[1:], positions[1:], positions, strict=False):
        if position < before:
            wrong.append(_difference(Fault.WRONG_ORDER, true, "before an earlier change"))
    return pairs, wrong


def _compare_values(true: Change, told: Change, shape: TableShape) -> list[Difference]:
    wrong = _compare_rows("new", true.new, told.new, told)
    if true.operation == SNAPSHOT:
        return wrong
    if told.at < true.at:
        text = f"the trail has it {true.at - told.at} us before it happened"
        wrong.append(_difference(Fault.WRONG_TIME, told, text))
    if shape.full or true.old is None:
        wrong += _compare_rows("old", true.old, told.old, told)
        known = "complete" if true.old is not None else "absent"
        if true.old is not None and told.before_image != known:
            text = f"the old row is {known}, and the trail calls it {told.before_image}"
            wrong.append(_difference(Fault.WRONG_VALUE, told, text))
        return wrong
    if told.before_image == "complete":
        text = "the source does not give the old row, and the trail calls its own complete"
        wrong.append(_difference(Fault.WRONG_VALUE, told, text))
    if told.old is not None:
        key = {column: true.old[column] for column in shape.key}
        claimed = {column: told.old.get(column) for column in shape.key}
        wrong += _compare_rows("old key", key, claimed, told)
    return wrong


def _compare_rows(
    which: str, true: Row | None, told: Row | None, where: Change
) -> list[Difference]:
    if true is None or told is None:
        if true is told:
            return []
        text = f"{which} row: {_shown(true)} in the source, {_shown(told)} in the trail"
        return [_difference(Fault.WRONG_VALUE, where, text)]
    columns = [c for c in {**true, **told} if c not in true or c not in told or true[c] != told[c]]
    return [
        _difference(
            Fault.WRONG_VALUE,
            where,
            f"{which} {column}: {_column(true, column)} in the source, "
            f"{_column(told, column)} in the trail",
        )
        for column in columns
    ]


def _compare_order(pairs: Sequence[tuple[Change, Change]]) -> list[Difference]:
    """
    Within a transaction, the changes of one table stand in the order in which they were made.

    Across tables they need not: a cascade is logged after its cause, and its triggers run before.
    """
    groups: dict[tuple[str, str], list[tuple[int, Change]]] = collections.defaultdict(list)
    wrong: list[Difference] = []
    for true, told in pairs:
        if true.operation == SNAPSHOT:
            continue
        if told.order is None:
            wrong.append(_difference(Fault.WRONG_ORDER, told, "without a place in its transaction"))
        else:
            groups[true.table, true.transaction].append((true.order or 0, told))
    for changes in groups.values():
        made = [told for _, told in sorted(changes, key=lambda change: change[0])]
        for first, second in itertools.pairwise(made):
            if (second.order or 0) <= (first.order or 0):
                text = f"number {second.order} of its transaction, after {first.order}"
                wrong.append(_difference(Fault.WRONG_ORDER, second, text))
    return wrong


def _difference(fault: Fault, change: Change, detail: str = "") -> Difference:
    key = ", ".join(str(value) for value in change.key)
    what = f"key ({key}), transaction {change.transaction}, {change.place}"
    return Difference(
        fault, change.table, change.operation, f"{what}: {detail}" if detail else what
    )


def _shown(row: Row | None) -> str:
    return "none" if row is None else "a row"


def _column(row: Row, column: str) -> str:
    return repr(row[column]) if column in row else "no such column"

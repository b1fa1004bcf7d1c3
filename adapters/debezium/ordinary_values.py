"""
The short way of ordinary changes of PostgreSQL's that come out of a binary format.

    values and their plan ──▶ rows, converted ──▶ OrdinaryChange
    source block          ──▶ text and look   ───┘

What it raises `NotOrdinaryError` for, the long way judges, from the bytes on: rows are converted in
place.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from adapters.debezium.envelope import NULL, Envelope
from adapters.debezium.exact_json import encode
from adapters.debezium.incoming import Incoming
from adapters.debezium.ordinary_rows import NOT_ORDINARY, NotOrdinaryError
from adapters.debezium.ordinary_source import metadata
from adapters.debezium.record_keys import KeyDecoder
from adapters.debezium.rows import Row
from adapters.debezium.short_way import Known, ShortWay
from adapters.debezium.source_block import PostgresSource, TransactionBlock
from adapters.debezium.unavailable import UnavailableValues, leaves_reference_in
from adapters.debezium.value_plan import ValuePart, ValuePlan, ValueRows
from domain.jsonb_safety import MAX_DEPTH
from domain.ordinary_change import OrdinaryChange

_SHORT = 1000
"""Characters of a row that cannot nest deep enough to harm anything."""

_Image = tuple[str | None, dict[str, Any] | None]
_OF_ROWS = frozenset("crud")
_ABSENT: _Image = (None, None)
_NO_COLUMNS: Mapping[str, Any] = {}


class OrdinaryValues:
    """
    Decodes the records that it can.

    Args:
        short: The short way of JSON, which this one is like from the rows on.
        keys: Decodes keys.
        unavailable: Values that stand for others.
    """

    def __init__(self, short: ShortWay, keys: KeyDecoder, unavailable: UnavailableValues) -> None:
        self._short = short
        self._keys = keys
        self._unavailable = unavailable
        self._odd: set[ValuePlan] = set()

    def are_odd(self, plan: ValuePlan) -> bool:
        """Whether changes of this schema were not ordinary: they are hardly worth another look."""
        return plan in self._odd

    def change(self, part: ValuePart, incoming: Incoming) -> OrdinaryChange | None:
        """
        The ordinary change that an envelope tells of; None if it needs a closer look.

        Its rows are used up either way.
        """
        if not part.plan.has_envelope or part.value is None:
            return None
        try:
            return self._change(part, incoming)
        except (*NOT_ORDINARY, KeyError):
            return None

    def _change(self, part: ValuePart, incoming: Incoming) -> OrdinaryChange:
        value: dict[str, Any] = part.value
        source, known = self._table(part)
        (old_text, old), (new_text, new) = self._rows(part)
        kind = known.kind(has_old=old_text is not None)
        key, columns = self._key(known, incoming)
        changed = self._short.changed(value["op"], known.defaults, (old, new), columns)
        envelope = Envelope(
            value["op"],
            NULL,
            transaction=_transaction(value.get("transaction")),
            ts_ms=value.get("ts_ms"),
            ts_us=value.get("ts_us"),
            ts_ns=value.get("ts_ns"),
        )
        return self._short.made(
            kind,
            (source, envelope, incoming),
            key,
            (old_text, new_text, changed),
            metadata(encode(value["source"])),
        )

    def _table(self, part: ValuePart) -> tuple[PostgresSource, Known]:
        fields, op = part.value["source"], part.value["op"]
        if fields["connector"] != "postgresql":
            self._odd.add(part.plan)
            raise NotOrdinaryError
        source = msgspec.convert(fields, PostgresSource)
        try:
            return source, self._short.of_table(source, op, part.plan.connect)
        except NotOrdinaryError:
            if op in _OF_ROWS:
                self._odd.add(part.plan)
            raise

    def _key(
        self, known: Known, incoming: Incoming
    ) -> tuple[tuple[str | None, int | None], Mapping[str, Any]]:
        """Canonical key and its hash, and its columns."""
        key = self._keys.decode(incoming, "postgresql")
        if key is None:
            return (None, None), _NO_COLUMNS
        if key.columns is None:
            raise NotOrdinaryError
        return (key.canonical.decode(), known.key_hash(key.canonical)), key.columns

    def _rows(self, part: ValuePart) -> tuple[_Image, _Image]:
        body, plan = part.body, part.plan
        if self._unavailable.leave_traces_in_binary(body) or leaves_reference_in(body):
            raise NotOrdinaryError
        before, after = part.value["before"], part.value["after"]
        if before is not None and after is not None and plan.after is not None:
            both = plan.after.both(before, after) if plan.has_one_row_type else None
            if both is None:
                raise NotOrdinaryError
            return _image(both[0]), _image(both[1])
        return _one(plan.before, before), _one(plan.after, after)


def _one(rows: ValueRows | None, values: dict[str, Any] | None) -> _Image:
    if values is None:
        return _ABSENT
    if rows is None:
        raise NotOrdinaryError
    return _image(rows.row(values, None, has_traces=False))


def _image(row: Row) -> _Image:
    text, values = row.text, row.values
    if row.notes or not isinstance(values, dict):
        raise NotOrdinaryError
    if len(text) > _SHORT and text.count("[") + text.count("{") > MAX_DEPTH:
        raise NotOrdinaryError
    return text, values


def _transaction(fields: dict[str, Any] | None) -> TransactionBlock | None:
    return None if fields is None else msgspec.convert(fields, TransactionBlock)

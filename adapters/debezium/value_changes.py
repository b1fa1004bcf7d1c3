"""Ordinary envelopes out of binary formats as changes: their rows take no detour over JSON."""

from typing import Any

import msgspec

from adapters.debezium.change import Change
from adapters.debezium.config import DecoderConfig
from adapters.debezium.control_messages import stored_json
from adapters.debezium.envelope import NULL, Envelope
from adapters.debezium.envelope_changes import Context, EnvelopeChanges
from adapters.debezium.exact_json import encode
from adapters.debezium.incoming import Incoming
from adapters.debezium.row_images import WRITES_CELLS, RowImages
from adapters.debezium.rows import Row
from adapters.debezium.source_block import SourceBlock, TransactionBlock, source_from_fields
from adapters.debezium.unavailable import UnavailableValues, leaves_reference_in
from adapters.debezium.value_plan import ValuePart, ValueRows

_OWN_IMAGES = WRITES_CELLS | {"mongodb"}


class ValueChanges:
    """Makes changes of envelopes that are values already."""

    def __init__(self, config: DecoderConfig, envelopes: EnvelopeChanges) -> None:
        self._envelopes = envelopes
        self._images = RowImages(config)
        self._unavailable = UnavailableValues(config.unavailable_placeholder)

    def change(self, part: ValuePart, incoming: Incoming) -> Change | None:
        """
        The change that an ordinary envelope tells of; None for any other value, left as it is.

        Raises:
            TransformationError: What it says is not what its schema says.
        """
        if not part.plan.has_envelope or part.value is None:
            return None
        value: dict[str, Any] = part.value
        source = _source(value["source"])
        connector = source.connector
        if value["op"] == "m" or connector in _OWN_IMAGES:
            return None
        envelope = Envelope(
            op=value["op"],
            source=NULL,
            transaction=_transaction(value.get("transaction")),
            ts_ms=value.get("ts_ms"),
            ts_us=value.get("ts_us"),
            ts_ns=value.get("ts_ns"),
        )
        context = Context(incoming, source, stored_json(encode(value["source"])))
        plan = part.plan.connect
        return self._envelopes.change_of_rows(envelope, self._rows(part, context), plan, context)

    def _rows(self, part: ValuePart, context: Context) -> tuple[Row | None, Row | None]:
        body, value, plan = part.body, part.value, part.plan
        before, after = value["before"], value["after"]
        has_traces = self._unavailable.leave_traces_in_binary(body) or leaves_reference_in(body)
        if before is not None and after is not None and not has_traces and plan.has_one_row_type:
            both = None if plan.after is None else plan.after.both(before, after)
            if both is not None:
                return both
        op, connector = value["op"], context.source.connector
        follows = context.incoming.look.follows_key_change

        def row(rows: ValueRows | None, values: Any, *, is_old: bool) -> Row | None:
            if values is None or rows is None:
                return None
            searched = self._images.searched(
                op, connector, is_old=is_old, follows_key_change=follows
            )
            return rows.row(values, searched, has_traces=has_traces)

        return row(plan.before, before, is_old=True), row(plan.after, after, is_old=False)


def _source(fields: dict[str, Any]) -> SourceBlock:
    try:
        return msgspec.convert(fields, SourceBlock)
    except msgspec.ValidationError:
        return source_from_fields(fields)


def _transaction(fields: dict[str, Any] | None) -> TransactionBlock | None:
    try:
        return None if fields is None else msgspec.convert(fields, TransactionBlock)
    except msgspec.ValidationError:
        return None

"""Flattened records as changes: what is left of an envelope once an SMT has unwrapped it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from adapters.debezium.change import Change
from adapters.debezium.config import DecoderConfig
from adapters.debezium.exact_json import encode
from adapters.debezium.flattened import Metadata, header_metadata, split_row
from adapters.debezium.incoming import Incoming
from adapters.debezium.poison import invalid
from adapters.debezium.record_keys import KeyDecoder
from adapters.debezium.row_images import RowImages
from adapters.debezium.row_plan import EnvelopePlan
from adapters.debezium.rows import Row
from adapters.debezium.table_types import TableTypes
from adapters.debezium.typed_rows import typed_rows
from adapters.debezium.wire_json import JsonPart
from domain.operation import OperationTypeEnum


class FlattenedChanges:
    """Makes changes of flattened records."""

    def __init__(self, config: DecoderConfig, keys: KeyDecoder, types: TableTypes) -> None:
        self._config = config
        self._keys = keys
        self._types = types
        self._images = RowImages(config)

    def delete_by_headers(self, incoming: Incoming) -> Change | None:
        """
        The delete that a Kafka null is where headers tell of one (``delete-to-tombstone``).

        A tombstone that only follows a delete carries no more than the operation's header.
        """
        fields = header_metadata(incoming.record.headers, self._config.flattened_prefix)
        if fields.get("op") != "d" or len(fields) == 1:
            return None
        return self._change(Metadata(fields), None, None, incoming)

    def delete(self, incoming: Incoming) -> Change:
        """The delete that JSON's null is: the row is gone, and nothing is known of it."""
        fields = header_metadata(incoming.record.headers, self._config.flattened_prefix)
        return self._change(Metadata({"op": "d", **fields}), None, None, incoming)

    def change(
        self, members: Mapping[str, msgspec.Raw], part: JsonPart, incoming: Incoming
    ) -> Change:
        """
        The change that a row by itself tells of.

        Raises:
            TransformationError: Nothing marks the object as Debezium's, and it is empty, or such
                rows are not accepted; or a value is not what its schema says.
        """
        prefix = self._config.flattened_prefix
        row, fields = split_row(members, prefix)
        metadata = Metadata({**header_metadata(incoming.record.headers, prefix), **fields})
        is_accepted = bool(members) and self._config.accept_unmarked_rows
        if not metadata.fields and part.plan is None and not is_accepted:
            raise invalid(
                "not_an_envelope",
                f"a JSON object with the members {', '.join(list(members)[:10]) or '(none)'}: no "
                f"envelope, and nothing marks it as a row of Debezium's",
            )
        if part.plan is None:
            part = msgspec.structs.replace(part, plan=self._types.plan(metadata.source))
        image = self._row(row, fields, metadata, part)
        return self._change(metadata, image, part.plan, incoming)

    def _row(
        self,
        row: Mapping[str, msgspec.Raw],
        fields: Mapping[str, Any],
        metadata: Metadata,
        part: JsonPart,
    ) -> Row | None:
        if not row and fields:
            return None
        raw = msgspec.Raw(encode(row) if fields else bytes(part.payload))
        plan = None if part.plan is None else part.plan.itself
        connector = metadata.source.connector
        searched = self._images.searched(
            str(metadata.fields.get("op")), connector, is_old=False, follows_key_change=True
        )
        return self._images.image(raw, plan, connector, searched)

    def _change(
        self, metadata: Metadata, row: Row | None, plan: EnvelopePlan | None, incoming: Incoming
    ) -> Change:
        source = metadata.source
        operation = metadata.operation
        is_delete = operation is OperationTypeEnum.DELETE
        # only MongoDB's SMT writes its mark as a boolean
        from_mongodb = isinstance(metadata.fields.get("deleted"), bool)
        connector = "mongodb" if from_mongodb else source.connector
        return Change(
            operation=operation,
            source=source,
            metadata=metadata.text,
            headers=incoming.look.stored,
            before=row if is_delete else None,
            after=None if is_delete else row,
            key=self._keys.decode(incoming, connector, typed_rows(plan)),
            transaction=metadata.transaction,
            captured_at=metadata.captured_at,
            types_known=plan is not None,
            defaults={} if plan is None or plan.itself is None else plan.itself.defaults,
        )

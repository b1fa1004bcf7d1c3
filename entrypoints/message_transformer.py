"""
The documented `MessageTransformer`: the service's own decoder, one record at a time.

    bytes, text, dict, a client's record ──▶ RawRecord ──▶ DebeziumDecoder ──▶ TransformedMessage
"""

import functools
import json
from collections.abc import Sequence
from typing import Any, Protocol, cast, runtime_checkable

import msgspec

from adapters.debezium.config import DecoderConfig
from adapters.debezium.decoder import DebeziumDecoder
from adapters.debezium.table_types import ColumnTypes
from domain.audit_record import AuditRecord
from domain.consumed import RawRecord
from domain.control import ControlMessage, SkippedRecord
from domain.disposition import Disposition
from domain.errors import NotAChangeError, TransformationError
from domain.hash_key import HashKey
from domain.redaction import ColumnRule
from domain.transformed_message import TransformedMessage, transformed_message

_NO_STREAM = 0
_NO_TIME = -1


Value = bytes | bytearray | memoryview | str | dict[str, Any] | None
"""A value in JSON, the object that it stands for, or None for a tombstone."""


@runtime_checkable
class KeyedRecord(Protocol):
    """A record as Kafka clients give it: aiokafka's `ConsumerRecord`, deserialised or not."""

    key: Value
    value: Value
    timestamp: int
    headers: Sequence[tuple[str, bytes | None]]


Message = Value | KeyedRecord
"""A value, or a whole record."""

BatchMessage = tuple[Message, str, int, int]
"""Message, topic, partition, offset."""


class MessageTransformer:
    """
    Transforms Debezium's messages into what the trail would hold of them.

    Args:
        validate_schema: Whether a JSON object that nothing marks as Debezium's is refused
            (`ValidationError`). Without it, it is taken for a flattened row (UPSERT).
        sanitize_data: Whether columns with well-known names of secrets are masked (password,
            token, ssn, card number, ...).
        config: How records are recognised and decoded.
        rules: What else is dropped, masked, hashed or hidden.
        hash_key: What rules that hash do it with.
        column_types: Types of tables whose messages carry no schema: table, as
            ``schema.table``, to column to type, as the database writes it.

    Raises:
        ConfigurationError: A rule hashes, and there is no key.
    """

    def __init__(  # noqa: PLR0913 - the documented signature, and what the decoder takes
        self,
        validate_schema: bool = True,  # noqa: FBT001, FBT002 - the documented signature
        sanitize_data: bool = False,  # noqa: FBT001, FBT002 - the documented signature
        *,
        config: DecoderConfig | None = None,
        rules: Sequence[ColumnRule] = (),
        hash_key: HashKey | None = None,
        column_types: ColumnTypes | None = None,
    ) -> None:
        chosen = config if config is not None else DecoderConfig()
        if validate_schema:
            chosen = msgspec.structs.replace(chosen, accept_unmarked_rows=False)
        self._decoder = DebeziumDecoder(
            chosen,
            rules,
            mask_well_known=sanitize_data,
            hash_key=hash_key,
            column_types=column_types,
        )

    def transform_message(
        self, message: Message, topic: str, partition: int, offset: int
    ) -> TransformedMessage:
        """
        Transform one message.

        Args:
            message: See `Message`. A whole record brings its key, headers and timestamp.
            topic: Topic that it came from.
            partition: Partition of the topic.
            offset: Offset in the partition.

        Raises:
            NotAChangeError: It is valid, and carries no row change.
            ValidationError: It is not a valid message of Debezium's.
            TransformationError: It is valid, and cannot become an audit record.
        """
        record = _raw_record(message, topic, partition, offset)
        found = self._decoder.decode(record, _NO_STREAM)
        if isinstance(found, AuditRecord):
            return transformed_message(found, topic=topic)
        raise _not_a_change(found)

    def transform_batch(self, messages: Sequence[BatchMessage]) -> list[TransformedMessage]:
        """
        Transform messages in order; those without a change in them are left out.

        Args:
            messages: Tuples of message, topic, partition and offset.

        Raises:
            TransformationError: The first that cannot be transformed; its `index` says which.
        """
        transformed: list[TransformedMessage] = []
        for index, (message, topic, partition, offset) in enumerate(messages):
            try:
                transformed.append(self.transform_message(message, topic, partition, offset))
            except NotAChangeError:
                continue
            except TransformationError as error:
                error.index = index
                raise
        return transformed


def transform_cdc_message(
    message: Message, topic: str, partition: int, offset: int
) -> TransformedMessage:
    """Transform one message as a `MessageTransformer()` does. Raises as that does."""
    return _default_transformer().transform_message(message, topic, partition, offset)


@functools.cache
def _default_transformer() -> MessageTransformer:
    return MessageTransformer()


def _raw_record(message: Message, topic: str, partition: int, offset: int) -> RawRecord:
    if isinstance(message, KeyedRecord) and not callable(message.value):
        return RawRecord(
            topic,
            partition,
            offset,
            message.timestamp,
            _bytes(message.key),
            _bytes(message.value),
            tuple(message.headers),
        )
    return RawRecord(topic, partition, offset, _NO_TIME, None, _bytes(message))


def _bytes(message: object) -> bytes | None:
    """The bytes that Kafka had: a client may have been told to read JSON, or text."""
    if message is None:
        return None
    if isinstance(message, str):
        return message.encode("utf-8", "surrogatepass")
    if isinstance(message, dict):
        return _json(cast("object", message))
    if isinstance(message, bytes | bytearray | memoryview):
        return bytes(cast("bytes", message))
    raise TypeError(
        f"a message is bytes, a text, a dict or a consumer's record, not {type(message).__name__}"
    )


def _json(value: object) -> bytes:
    """Undo `json.loads`, with integers of any size, and half surrogate pairs as escapes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=msgspec.to_builtins)
    return text.encode("utf-8", "backslashreplace")


def _not_a_change(found: ControlMessage | SkippedRecord) -> NotAChangeError:
    if isinstance(found, ControlMessage):
        return NotAChangeError(Disposition.CONTROL, found.kind.value)
    return NotAChangeError(Disposition.SKIPPED, f"record that the rule {found.rule} leaves out")

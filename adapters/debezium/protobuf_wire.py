"""
Bodies in Protobuf.

    Confluent   indexes of the message, then it    00 | 04 02 00 ...    the first | [1, 0]
    Apicurio    a Ref that names the message, with its length in front, then it
"""

from collections.abc import Sequence
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from adapters.debezium.poison import invalid, shown
from adapters.debezium.protobuf_files import main_file
from adapters.debezium.protobuf_types import MessageTypes
from adapters.debezium.value_plan import ValuePart, ValuePlan
from domain.registered_schema import RegisteredSchema

_MORE, _SEVEN_BITS = 0x80, 0x7F
_LONGEST_VARINT = 10
_FIRST = (0,)
_NAME_TAG = 0x0A
_READ_ERRORS = (DecodeError, ValueError, OverflowError, TypeError, RecursionError)


class _Message:
    """One message of a file: its class, and what to do with its values."""

    def __init__(self, descriptor: Descriptor) -> None:
        self._class = GetMessageClass(descriptor)
        found = MessageTypes().message(descriptor)
        self._read = found.read
        self._plan = ValuePlan(found.connect)

    def part(self, body: bytes) -> ValuePart:
        try:
            value = self._read(self._class.FromString(body))
        except _READ_ERRORS as error:
            raise invalid(
                "bad_protobuf",
                f"the body is not what its Protobuf schema describes ({error}): {shown(body)}",
            ) from error
        return ValuePart(value, self._plan, body)


class ProtobufWire:
    """
    Reads bodies of one file.

    Args:
        schema: The file, with everything that it imports.

    Raises:
        ValidationError: It is no file that can be used.
    """

    def __init__(self, schema: RegisteredSchema) -> None:
        self._file = main_file(schema)
        self._messages: dict[object, _Message] = {}

    def part(self, body: bytes, *, is_confluent: bool, message: bytes | str | None) -> ValuePart:
        """
        The value that `body` is.

        Args:
            body: What follows the id.
            is_confluent: Whether it is in Confluent's form, else in Apicurio's.
            message: Which message headers say that it is; None where the body itself does.

        Raises:
            ValidationError: It is not of the schema.
        """
        if is_confluent:
            path, start = _indexes(body if message is None else _as_bytes(message))
            return self._at(path).part(body if message is not None else body[start:])
        if message is None:
            name, start = _reference(body)
            return self._called(name).part(body[start:])
        return self._called(message if isinstance(message, str) else "").part(body)

    def _at(self, path: Sequence[int]) -> _Message:
        found = self._messages.get(path)
        if found is None:
            try:
                descriptor = list(self._file.message_types_by_name.values())[path[0]]
                for index in path[1:]:
                    descriptor = descriptor.nested_types[index]
            except IndexError as error:
                raise invalid(
                    "bad_protobuf", f"the record names message {list(path)}; its file has none"
                ) from error
            found = self._messages[path] = _Message(descriptor)
        return found

    def _called(self, name: str) -> _Message:
        found = self._messages.get(name)
        if found is None:
            descriptor: Any = self._file
            own = name.removeprefix(f"{self._file.package}.") if self._file.package else name
            try:
                first, *rest = own.split(".")
                descriptor = self._file.message_types_by_name[first]
                for part in rest:
                    descriptor = descriptor.nested_types_by_name[part]
            except KeyError as error:
                raise invalid(
                    "bad_protobuf", f"the record names message {name[:80]!r}; its file has none"
                ) from error
            found = self._messages[name] = _Message(descriptor)
        return found


def _as_bytes(message: bytes | str) -> bytes:
    return message.encode() if isinstance(message, str) else message


def _indexes(data: bytes) -> tuple[tuple[int, ...], int]:
    """The indexes that `data` begins with, and where they end."""
    count, at = _signed_varint(data, 0)
    if count == 0:
        return _FIRST, at
    if not 0 < count <= len(data):
        raise _bad_indexes(data)
    path: list[int] = []
    for _ in range(count):
        index, at = _signed_varint(data, at)
        if index < 0:
            raise _bad_indexes(data)
        path.append(index)
    return tuple(path), at


def _reference(data: bytes) -> tuple[str, int]:
    """The name in the Ref that `data` begins with, and where it ends."""
    length, at = _varint(data, 0)
    end = at + length
    size, start = _varint(data, at + 1) if data[at : at + 1] == bytes([_NAME_TAG]) else (-1, at)
    if end > len(data) or start + size != end:
        raise invalid("bad_protobuf", f"the body does not begin with a Ref: {shown(data)}")
    return data[start:end].decode("utf-8", "replace"), end


def _signed_varint(data: bytes, at: int) -> tuple[int, int]:
    value, at = _varint(data, at)
    return (value >> 1) ^ -(value & 1), at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(data[at : at + _LONGEST_VARINT]):
        value |= (byte & _SEVEN_BITS) << 7 * place
        if not byte & _MORE:
            return value, at + place + 1
    raise _bad_indexes(data)


def _bad_indexes(data: bytes) -> Exception:
    return invalid(
        "bad_protobuf", f"the body does not begin with a message's indexes: {shown(data)}"
    )

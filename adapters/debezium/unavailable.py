"""
Values that were not sent: the placeholder in all its forms, and references to values elsewhere.

Debezium writes a placeholder where the source's log does not repeat an unchanged value: as text,
as base64 or hexadecimal of the text, as a list of its character codes, as an array or map of it,
as the name-based UUID of it.
"""

import hashlib
import uuid
from base64 import b64decode, b64encode, urlsafe_b64encode
from binascii import Error as Base64Error
from typing import Any

from adapters.debezium.exact_json import is_array, is_object

_OFFLOADED = "__debezium:s3:ref:v1:"
_OFFLOADED_BASE64 = b64encode(_OFFLOADED.encode()).decode()
_REFERENCE_TRACES = (b"__debezium:s3:", b"X19kZWJleml1bTpzMzpyZW")
_TEXTUAL_TRACES = tuple(trace.decode() for trace in _REFERENCE_TRACES)
_LEAKED = "java.lang.Object@"
MARKERS = (*_TEXTUAL_TRACES, _LEAKED)
"""What is in a row with a reference, or a leaked marker."""

_FEWEST_CODES = 4


class UnavailableValues:
    """Recognises values that stand for something that was not sent."""

    def __init__(self, placeholder: str) -> None:
        data = placeholder.encode()
        digest = hashlib.md5(data, usedforsecurity=False).digest()
        name_based = str(uuid.UUID(bytes=digest, version=3))
        base64 = b64encode(data).decode()
        self.placeholder = placeholder
        self.texts = frozenset(
            {
                placeholder,
                base64,
                urlsafe_b64encode(data).decode(),
                base64.rstrip("="),
                data.hex(),
                name_based,
                f'{{"{placeholder}":"{placeholder}"}}',
            }
        )
        codes = list(data)
        self._lists = (*([text] for text in self.texts), codes)
        self._map = {placeholder: placeholder}
        start = codes[:_FEWEST_CODES]
        texts = (
            data,
            base64.rstrip("=").encode()[:-1],
            data.hex().encode(),
            name_based.encode(),
            _LEAKED.encode(),
        )
        self._traces = (*texts, f"[{','.join(map(str, start))},".encode())
        # Avro's arrays of numbers; of numbers that may be null, each with its type in front
        numbers = [_avro_number(code) for code in start]
        self._binary_traces = (*texts, *(type_.join(numbers) for type_ in (b"", b"\0", b"\2")))

    def leave_traces_in_binary(self, body: bytes) -> bool:
        """Whether a body in Avro or Protobuf may hold one: the same search."""
        for trace in self._binary_traces:  # noqa: SIM110 - half the time of `any`
            if trace in body:
                return True
        return False

    def leave_traces_in(self, row: bytes) -> bool:
        """Whether `row` may hold a placeholder or a leaked marker: a cheap search."""
        return any(trace in row for trace in self._traces)

    def is_one(self, value: Any, *, truncated_to: int | None = None) -> bool:
        """
        Whether a value, as JSON or Avro give it, is the placeholder in any of its forms.

        Args:
            value: The value before any conversion.
            truncated_to: Characters that Debezium cut the column to, placeholder and all.
        """
        if isinstance(value, str):
            return value in self.texts or (
                truncated_to is not None
                and 0 < truncated_to < len(self.placeholder)
                and value == self.placeholder[:truncated_to]
            )
        if is_array(value):
            return value in self._lists
        if is_object(value):
            return value == self._map
        return isinstance(value, bytes) and value == self.placeholder.encode()


def _avro_number(code: int) -> bytes:
    """A character's code as an int or long in Avro: zigzag, seven bits a byte."""
    doubled = code << 1
    return bytes([doubled]) if doubled < 0x80 else bytes([doubled & 0x7F | 0x80, doubled >> 7])  # noqa: PLR2004 - the eighth bit says that more follow


def leaves_reference_in(row: bytes) -> bool:
    """Whether `row` may hold a reference to an offloaded value: a cheap search."""
    text, base64 = _REFERENCE_TRACES
    return text in row or base64 in row


def leaves_marker_in(row: str) -> bool:
    """Whether `row` may hold a reference, or a leaked marker: what no set of texts tells."""
    text, base64 = _TEXTUAL_TRACES
    return (
        text in row
        or (base64[0] in row and base64 in row)  # hardly any row has the first letter
        or ("@" in row and _LEAKED in row)
    )


def offloaded_to(value: Any) -> str | None:
    """Where an offloaded value lies (``bucket|key``); None if the value is not offloaded."""
    if type(value) is bytes:
        value = value.decode("utf-8", "replace")
    if type(value) is not str:
        return None
    if value.startswith(_OFFLOADED_BASE64[:-1]):
        try:
            value = b64decode(value, validate=True).decode()
        except (Base64Error, UnicodeDecodeError):
            return None
    return value.removeprefix(_OFFLOADED) if value.startswith(_OFFLOADED) else None


def is_leaked_marker(value: Any) -> bool:
    """Whether a marker object's name leaked in place of the placeholder: suspect, kept as it is."""
    return type(value) is str and value.startswith(_LEAKED)

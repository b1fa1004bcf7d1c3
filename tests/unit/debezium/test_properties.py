"""
What holds for any record: the decoder judges it, loses nothing of it, and gives the same again.

Envelopes are taken from the examples and changed: bytes, members, types, depth.
"""

import copy
import json
import pickle
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.debezium.decoder import DebeziumDecoder
from domain.audit_record import AuditRecord
from domain.control import ControlMessage, SkippedRecord
from domain.errors import TransformationError
from tests.unit.debezium.records import (
    DATA,
    Decoded,
    a_consumed,
    an_envelope,
    as_bytes,
    audited,
    judged,
    with_schema,
)

_VALUES = [
    value.encode()
    for line in (DATA / "examples.jsonl").read_text("utf-8").splitlines()
    if isinstance(value := json.loads(line)["value"], str)
]
_OBJECTS: list[dict[str, Any]] = [
    parsed
    for value in _VALUES
    if value.startswith(b"{") and isinstance(parsed := json.loads(value), dict)
]
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(["c", "u", "d", "r", "t", "m", "false", "\x00", "\ud800", "1e999", "d800"]),
)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
_MEMBERS = ("added", "op", "source", "before", "after", "type", "name", "parameters", "items")
_MEANINGS: list[Any] = [
    *("bytes", "struct", "array", "map", "double", "io.debezium.time.MicroTimestamp"),
    *("org.apache.kafka.connect.data.Decimal", "io.debezium.data.VariableScaleDecimal"),
    *("io.debezium.data.geometry.Point", "io.debezium.data.SparseDoubleVector", "mongodb"),
    *({"scale": "-3"}, {"scale": "1e9"}, {"length": "x"}, {"truncateLength": "3"}),
]
_NUMBERS = st.from_regex(r"\A-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?\Z")
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
_NAMES = _TEXT.filter(lambda name: not name.startswith("__"))


@st.composite
def damaged_bytes(draw: st.DrawFn) -> bytes:
    """The bytes of an example, some of them cut, put in, or replaced."""
    data = bytearray(draw(st.sampled_from(_VALUES)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.integers(0, 8)))
        data[at:end] = draw(st.binary(max_size=6) | st.sampled_from([b"{", b"[" * 300, b"\\u0000"]))
    return bytes(data)


@st.composite
def damaged_objects(draw: st.DrawFn) -> dict[str, Any]:
    """An example, of which members at any depth are removed, added, renamed or retyped."""
    value: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(_OBJECTS)))
    for _ in range(draw(st.integers(1, 4))):
        holder = _somewhere(draw, value)
        name = draw(st.sampled_from([*holder, *_MEMBERS]))
        if draw(st.integers(0, 2)) == 0:
            holder.pop(name, None)
        else:
            holder[name] = copy.deepcopy(draw(_JSON | st.sampled_from(_MEANINGS)))
    return value


def _somewhere(draw: st.DrawFn, value: dict[str, Any]) -> dict[str, Any]:
    """An object inside `value`, or itself; a schema's fields are objects in an array."""
    parts: list[Any] = list(value.values())
    for part in value.values():
        parts += part if isinstance(part, list) else []
    inner: list[dict[str, Any]] = [part for part in parts if isinstance(part, dict)]
    if not inner or draw(st.integers(0, 2)) == 0:
        return value
    return _somewhere(draw, draw(st.sampled_from(inner)))


def _surrogates_and_all(value: object) -> bytes:
    return json.dumps(value).encode()


@settings(max_examples=150, deadline=None)
@given(value=damaged_bytes(), key=st.none() | damaged_bytes() | st.binary(max_size=8))
def test_damaged_bytes_are_decoded_or_refused(value: bytes, key: bytes | None) -> None:
    result = judged(a_consumed(value, key=key))

    assert isinstance(result, AuditRecord | ControlMessage | SkippedRecord | str)


@settings(max_examples=200, deadline=None)
@given(value=damaged_objects(), key=_JSON)
def test_damaged_envelopes_are_decoded_or_refused(value: dict[str, Any], key: object) -> None:
    record = a_consumed(_surrogates_and_all(value), key=_surrogates_and_all(key))

    result = judged(record)

    assert isinstance(result, AuditRecord | ControlMessage | SkippedRecord | str)


@settings(max_examples=50, deadline=None)
@given(
    value=st.sampled_from(_VALUES) | st.none(),
    headers=st.lists(
        st.tuples(
            st.text(max_size=5)
            | st.sampled_from(["__op", "__deleted", "__source_ts_ms", "id", "__debezium.oldkey"]),
            st.none() | st.binary(max_size=8),
        ),
        max_size=4,
    ),
)
def test_any_headers_are_kept_or_refused(
    value: bytes | None, headers: list[tuple[str, bytes | None]]
) -> None:
    result = judged(a_consumed(value, headers=tuple(headers)))

    assert isinstance(result, AuditRecord | ControlMessage | SkippedRecord | str)


@settings(max_examples=100, deadline=None)
@given(row=st.dictionaries(_NAMES, _SCALARS.filter(lambda v: not _is_unsafe(v)), max_size=6))
def test_a_row_of_plain_values_survives_as_it_was(row: dict[str, Any]) -> None:
    envelope = an_envelope(after=row)

    record = audited(envelope)

    assert record.new_data == (as_bytes(row) or b"").decode()


@settings(max_examples=100, deadline=None)
@given(numbers=st.dictionaries(st.sampled_from("abcdef"), _NUMBERS, min_size=1))
def test_numbers_stay_as_they_were_written(numbers: Mapping[str, str]) -> None:
    row = "{" + ",".join(f'"{name}": {text}' for name, text in numbers.items()) + "}"
    columns = [{"type": "double", "field": name} for name in numbers]
    envelope = json.dumps(with_schema(an_envelope(after="ROW"), columns)).replace('"ROW"', row)

    plain = audited(json.dumps(an_envelope(after="ROW")).replace('"ROW"', row).encode())
    typed = audited(envelope.encode())

    for record in (plain, typed):
        texts = json.loads(record.new_data or "", parse_float=str, parse_int=str)
        assert list(texts.items()) == list(numbers.items())


@settings(max_examples=60, deadline=None)
@given(value=damaged_objects())
def test_a_record_decodes_the_same_whatever_was_decoded_before(value: dict[str, Any]) -> None:
    record = a_consumed(_surrogates_and_all(value), key={"id": 1})
    used = DebeziumDecoder()
    for other in _VALUES[:10]:
        used.decode(a_consumed(other, topic=record.topic), 1)

    try:
        again: Decoded | str = used.decode(record, 1)
    except TransformationError as error:
        again = str(error)

    assert again == judged(record)


@pytest.mark.parametrize("value", _VALUES, ids=range(len(_VALUES)))
def test_a_pickled_decoder_decodes_the_same(value: bytes) -> None:
    decoder: DebeziumDecoder = pickle.loads(pickle.dumps(DebeziumDecoder()))  # noqa: S301 - our own
    record = a_consumed(value)

    try:
        result: Decoded | str = decoder.decode(record, 1)
    except TransformationError as error:
        result = str(error)

    assert result == judged(record)


def _is_unsafe(value: object) -> bool:
    """Whether a value needs an escape; those have tests of their own."""
    return isinstance(value, str) and any(c == "\x00" or "\ud800" <= c <= "\udfff" for c in value)

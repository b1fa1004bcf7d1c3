"""Whatever a column holds, the compiled conversion gives what the decoder's own gives."""

import base64
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.debezium.config import DecoderConfig
from adapters.debezium.decoder import DebeziumDecoder
from adapters.direct.quick import LONGEST_DECIMAL, MOST_SCALE, quickest
from application.ordinary_ports import Conversion
from tests.unit.debezium.test_ordinary_plan import a_record

pytestmark = pytest.mark.compiled

DECIMAL = "org.apache.kafka.connect.data.Decimal"
NAMES = (
    "io.debezium.time.Date",
    "io.debezium.time.Time",
    "io.debezium.time.MicroTime",
    "io.debezium.time.NanoTime",
    "io.debezium.time.Timestamp",
    "io.debezium.time.MicroTimestamp",
    "io.debezium.time.NanoTimestamp",
    "org.apache.kafka.connect.data.Date",
    "org.apache.kafka.connect.data.Time",
    "org.apache.kafka.connect.data.Timestamp",
)
NUMBERS = (
    *(
        sign * digits
        for digits in (0, 1, 999, 86_399, 86_400, 2_932_896, 719_162)
        for sign in (1, -1)
    ),
    *(2**63 - 1, -(2**63) + 1, -(2**63), 2**63, 2**64, 10**19),
    *(86_400_000, 86_400_000_000, 86_399_999_999, 86_400_000_000_000),
    *(9_223_372_036_825_200, -9_223_372_036_832_400, 9_223_372_036_825_200_000),
    *(253_402_300_799_999, 253_402_300_800_000, -62_135_596_800_000, -62_135_596_800_001),
    *(253_402_300_799_999_999, 253_402_300_800_000_000, -62_135_596_800_000_001),
    *(-2_147_472_692, -2_147_472_691, -622_191_233, 624_383_253),
)
numbers = st.sampled_from(NUMBERS) | st.integers(-(2**63), 2**63) | st.integers(-(10**6), 10**6)
others = st.sampled_from(
    [b"null", b"1.5", b"1e3", b'""', b'"1"', b'"', b"", b"-", b"-0", b"01", b"true", b"[1]", b" 1"]
)
base64_texts = st.binary(max_size=10).map(lambda data: b'"' + base64.b64encode(data) + b'"')
padded = st.text("AB/+=9z", max_size=14).map(lambda text: f'"{text}"'.encode())


def own_conversion(schema: dict[str, Any]) -> Conversion:
    """The decoder's conversion of a column."""
    decoder = DebeziumDecoder()
    record = a_record({"x": schema}, None, before=None, after={"x": None}, op="c")
    decoder.decode(record, 1)
    around = decoder.wrapping(record)
    assert around is not None
    return around.conversions["x"]


def temporal(name: str) -> Conversion:
    return own_conversion({"type": "int64", "name": name, "optional": True})


def decimal(scale: int) -> Conversion:
    parameters = {"scale": str(scale)}
    return own_conversion(
        {"type": "bytes", "name": DECIMAL, "parameters": parameters, "optional": True}
    )


TEMPORAL = {name: temporal(name) for name in NAMES}
DECIMALS = {scale: decimal(scale) for scale in (-1, 0, 1, 2, 8, 19, MOST_SCALE, MOST_SCALE + 1)}


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=400, deadline=None)
@given(text=numbers.map(lambda number: str(number).encode()) | others)
def test_dates_and_times_are_converted_alike(name: str, text: bytes) -> None:
    own = TEMPORAL[name]

    assert quickest(own, ())(text) == own.canonical(text)


@pytest.mark.parametrize("scale", DECIMALS)
@settings(max_examples=400, deadline=None)
@given(text=base64_texts | padded | others)
@example(text=b'"AB=="')  # bits of its last letter that belong to no byte
@example(text=b'"gAAAAAAAAAA="')  # the least number of eight bytes
@example(text=b'"AIAAAAAAAAAA"')  # nine bytes
def test_decimals_are_converted_alike(scale: int, text: bytes) -> None:
    own = DECIMALS[scale]

    assert quickest(own, ())(text) == own.canonical(text)


@pytest.mark.parametrize("own", [*TEMPORAL.values(), DECIMALS[0], DECIMALS[MOST_SCALE]])
def test_what_there_is_a_quick_way_for_takes_it(own: Conversion) -> None:
    answered: list[bytes] = []
    watched = Conversion(answered.append, own.semantic_type, own.scale)
    ordinary = b'"AAC+"' if own.semantic_type == DECIMAL else b"20254"

    assert quickest(watched, ())(ordinary) == own.canonical(ordinary)
    assert answered == []


def test_a_decimal_that_looks_like_a_value_that_was_not_sent_is_no_decimal() -> None:
    data = b"n/a"
    text = base64.b64encode(data).decode()
    decoder = DebeziumDecoder(DecoderConfig(unavailable_placeholder=data.decode()))
    own = DECIMALS[2]

    assert len(text) <= LONGEST_DECIMAL
    assert text in decoder.stand_ins
    assert quickest(own, decoder.stand_ins) is own.canonical
    assert quickest(own, DebeziumDecoder().stand_ins) is not own.canonical


def test_a_column_of_another_type_with_the_name_of_one_is_left_to_the_decoder() -> None:
    own = own_conversion({"type": "string", "name": DECIMAL, "optional": True})
    text = json.dumps("AAC+").encode()

    assert quickest(own, ())(text) == own.canonical(text) == text

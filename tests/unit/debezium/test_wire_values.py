"""Values of binary formats in the form that JSON has: numbers, maps, what nothing is known of."""

import math
from typing import Any

import msgspec
import pytest

from adapters.debezium.connect_schema import ConnectSchema
from adapters.debezium.exact_json import encode
from adapters.debezium.row_plan import RowPlan
from adapters.debezium.rows import changed_columns
from adapters.debezium.value_plan import ValueRows
from adapters.debezium.wire_values import ANY, json_form

FLOAT, DOUBLE, TEXT = (ConnectSchema(kind) for kind in ("float", "double", "string"))


def in_json(schema: ConnectSchema, value: Any) -> str:  # noqa: ANN401 - any value
    form = json_form(schema)
    return encode(value if form is None else form(value)).decode()


@pytest.mark.parametrize(
    ("schema", "value", "text"),
    [
        (DOUBLE, 0.1, "0.1"),
        (DOUBLE, -0.0, "-0.0"),
        (DOUBLE, math.nan, '"NaN"'),
        (DOUBLE, -math.inf, '"-Infinity"'),
        (FLOAT, 0.10000000149011612, "0.1"),
        (FLOAT, 16777216.0, "16777216.0"),
        (FLOAT, 3.4028234663852886e38, "3.4028235e+38"),
        (FLOAT, 1.401298464324817e-45, "1e-45"),
        (FLOAT, 0.0, "0.0"),
        (FLOAT, math.inf, '"Infinity"'),
        (FLOAT, math.nan, '"NaN"'),
        (ConnectSchema("bytes"), b"\x00\xff", '"AP8="'),
        (ConnectSchema("array", items=FLOAT), [0.10000000149011612, None], "[0.1,null]"),
        (ConnectSchema("map", keys=TEXT, values=DOUBLE), {"a": math.nan}, '{"a":"NaN"}'),
        (
            ConnectSchema("map", keys=ConnectSchema("int32"), values=DOUBLE),
            [{"key": 1, "value": 2.5}],
            "[[1,2.5]]",
        ),
        (
            ConnectSchema("map", keys=TEXT, values=TEXT),
            [{"key": "a", "value": None}],
            '{"a":null}',
        ),
        (ConnectSchema(ANY), {"a": [b"\x01", math.nan, 1]}, '{"a":["0x01","NaN",1]}'),
    ],
    ids=str,
)
def test_a_value_is_written_as_jsonconverter_writes_it(
    schema: ConnectSchema, value: object, text: str
) -> None:
    assert in_json(schema, value) == text


@pytest.mark.parametrize("kind", ["string", "int64", "boolean", "bytes"])
def test_most_values_stay_as_they_are(kind: str) -> None:
    assert json_form(ConnectSchema(kind)) is None


def test_an_update_of_zero_to_its_negative_is_a_change() -> None:
    column = msgspec.structs.replace(DOUBLE, field="d")
    rows = ValueRows(RowPlan(ConnectSchema("struct", fields=(column,))))

    both = rows.both({"d": 0.0}, {"d": -0.0})

    assert both is not None
    assert [row.text for row in both] == ['{"d":0.0}', '{"d":-0.0}']
    assert changed_columns(*both) == ("d",)


def test_a_suspicion_is_noted_on_both_sides_of_an_unchanged_value() -> None:
    day = ConnectSchema("int32", name="io.debezium.time.Date", field="d")
    rows = ValueRows(RowPlan(ConnectSchema("struct", fields=(day,))))

    both = rows.both({"d": -622_191_233}, {"d": -622_191_233})

    assert both is not None
    assert [row.notes for row in both] == [{"d": "suspect"}] * 2

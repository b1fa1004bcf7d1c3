"""Structured dates and times: parts, signs and special values."""

import json
from typing import Any

import pytest

from domain.errors import TransformationError
from tests.unit.debezium.records import a_consumed, an_envelope, audited, decoded, with_schema


def shown(kind: str, value: dict[str, Any]) -> object:
    column = {"type": "struct", "name": f"io.debezium.time.Structured{kind}", "field": "v"}
    record = audited(with_schema(an_envelope(after={"v": value}), [column]))
    return json.loads(record.new_data or "")["v"]


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("Date", {"year": -43, "month": 3, "day": 15}, "-0043-03-15"),
        ("Date", {"specialValue": "NEGATIVE_INFINITY"}, "-infinity"),
        ("Date", {"specialValue": "A_NEWER_ONE"}, "A_NEWER_ONE"),
        ("Time", {"hour": 24, "minute": 0, "second": 0, "nanos": 0}, "24:00:00"),
        (
            "Timestamp",
            {"year": 9999, "month": 12, "day": 31, "hour": 1, "minute": 2, "second": 3, "nanos": 1},
            "9999-12-31T01:02:03.000000001",
        ),
        (
            "ZonedTimestamp",
            {"year": 1, "month": 1, "day": 1, "offsetSeconds": -1800},
            "0001-01-01T00:00:00-00:30",
        ),
        ("ZonedTime", {"hour": 1, "offsetSeconds": 0}, "01:00:00Z"),
        ("Duration", {}, "P0Y0M0DT0H0M0S"),
        ("Duration", {"years": -1, "seconds": -6, "nanos": -500_000_000}, "P-1Y0M0DT0H0M-6.5S"),
        ("Duration", {"nanos": -1}, "P0Y0M0DT0H0M-0.000000001S"),
    ],
)
def test_the_parts_make_a_text(kind: str, value: dict[str, Any], text: str) -> None:
    assert shown(kind, value) == text


@pytest.mark.parametrize("value", [{"year": "x"}, {"year": 1.5}, {"month": True}, [], "2016"])
def test_parts_of_another_type_are_poison(value: object) -> None:
    column = {"type": "struct", "name": "io.debezium.time.StructuredDate", "field": "v"}
    record = a_consumed(with_schema(an_envelope(after={"v": value}), [column]))

    with pytest.raises(TransformationError, match=r"^bad_value:v: "):
        decoded(record)

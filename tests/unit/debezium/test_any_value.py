"""Any JSON value under any semantic type becomes a value, or poison that names its column."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.debezium.structured_time import STRUCTURED
from domain.audit_record import AuditRecord
from tests.unit.debezium.records import a_consumed, an_envelope, judged, with_schema
from tests.unit.debezium.test_worked_values import WORKED

_NAMES = sorted({*STRUCTURED, *(schema["name"] for schema, _, _ in WORKED)})
_TYPES = ["int32", "int64", "double", "string", "bytes", "array", "map", "struct", "boolean"]
_PARAMETERS = [{}, {"scale": "2"}, {"scale": "-5000"}, {"length": "9"}, {"truncateLength": "2"}]
_PARTS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**65), 2**65),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "AQID", "NaN", "AQEAAAAAAAAAAADwPwAAAAAAAPA/", "AQcAAAABAAAA", "x"]),
)
_FIELDS = ["scale", "value", "wkb", "srid", "x", "y", "center", "year", "nanos", "vector", "a"]
_VALUES = st.recursive(
    _PARTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_FIELDS), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(
    name=st.none() | st.sampled_from(_NAMES),
    kind=st.sampled_from(_TYPES),
    parameters=st.sampled_from(_PARAMETERS),
    value=_VALUES,
)
def test_any_value_is_converted_or_names_its_column(
    name: str | None, kind: str, parameters: dict[str, str], value: object
) -> None:
    column: dict[str, Any] = {"type": kind, "name": name, "parameters": parameters, "field": "v"}
    envelope = with_schema(an_envelope(after={"v": value}), [column])

    result = judged(a_consumed(json.dumps(envelope).encode()))

    if isinstance(result, str):
        assert result.startswith("bad_value:v: ")
    else:
        assert isinstance(result, AuditRecord)
        assert json.loads(result.new_data or "").keys() <= {"v"}

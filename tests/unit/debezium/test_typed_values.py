"""Any value in a column of any known type: it is decoded, or it stays and is listed."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.debezium.config import DecoderConfig
from adapters.debezium.decoder import DebeziumDecoder
from adapters.debezium.table_types import WORDS, is_known_type
from domain.audit_record import AuditRecord
from tests.unit.debezium.records import a_consumed, an_envelope

ARGUMENTS = ["", "(1)", "(3)", "(10,2)", "(5,-2)", " unsigned", "[]", "(3)[]", "(10,2)[]"]
CONNECTORS = ["postgresql", "mysql", "mariadb"]

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["", "bg==", "AeIT", "NaN", "Infinity", "2026-02-28Z", "24:00:00Z"])
    | st.binary(max_size=12).map(msgspec.to_builtins)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["scale", "value", "wkb", "srid", "x", "y"]), inner, max_size=4
        )
    ),
    max_leaves=6,
)
configs = st.builds(
    DecoderConfig,
    time_precision_mode=st.sampled_from(
        [None, "adaptive", "connect", "isostring", "microseconds", "nanoseconds"]
    ),
    decimal_handling_mode=st.sampled_from(["precise", "string", "double"]),
    binary_handling_mode=st.sampled_from(["bytes", "hex"]),
    interval_handling_mode=st.sampled_from(["numeric", "string"]),
    hstore_handling_mode=st.sampled_from(["json", "map"]),
)


@given(
    kind=st.builds("{}{}".format, st.sampled_from(WORDS), st.sampled_from(ARGUMENTS)),
    connector=st.sampled_from(CONNECTORS),
    config=configs,
    value=values,
)
def test_a_value_is_decoded_or_stays_and_is_listed(
    kind: str, connector: str, config: DecoderConfig, value: object
) -> None:
    table = {"c": kind, "id": "bigint"}
    decoder = DebeziumDecoder(config, column_types={"db.t": table, "public.t": table})
    source = {"connector": connector, "name": "s", "db": "db", "table": "t"}
    if connector == "postgresql":
        source["schema"] = "public"
    envelope = an_envelope("c", after={"c": value, "id": 1}, source=source)

    record = decoder.decode(a_consumed(envelope, key={"c": value}), 1)

    assert isinstance(record, AuditRecord)
    assert record.new_data is not None
    if "undecoded" in (record.value_notes or ""):
        stored = json.loads(record.new_data)
        assert stored == {"c": value, "id": 1}


@pytest.mark.parametrize("word", WORDS)
def test_every_word_by_itself_is_a_known_type(word: str) -> None:
    assert is_known_type(word)

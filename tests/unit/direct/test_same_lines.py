"""Whatever comes, the direct way gives the line that decoder and encoder give, or none."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.debezium.ordinary_changes import as_json, in_wrapper
from tests.unit.debezium.recordings import NAMES, recording, registered
from tests.unit.debezium.test_ordinary_plan import ORDINARY, TYPES, a_record
from tests.unit.debezium.test_ordinary_plan import rows as typed_rows
from tests.unit.debezium.test_short_way import SCHEMA, envelopes, identities, keys, timestamps
from tests.unit.direct.envelopes import (
    KEY,
    KEY_SCHEMA,
    BothWays,
    a_plain_record,
    lessons,
    plain,
    wrapped_lessons,
)

pytestmark = pytest.mark.compiled

BYTES = b'\0\t\n "\\,:{}[]-+.0123456789abefilnrstuxE\x7f\x80\xbf\xc2\xe2\xed\xf0\xff'


@settings(max_examples=600, deadline=None)
@given(
    envelope=envelopes(),
    schema=st.sampled_from([None, SCHEMA]),
    key=keys | st.just(in_wrapper({"id": 1}, KEY_SCHEMA)),
    timestamp=timestamps,
    replica_identity=identities,
)
def test_envelopes_of_any_kind(
    envelope: dict[str, Any],
    schema: object,
    key: bytes | None,
    timestamp: int,
    replica_identity: dict[str, Any],
) -> None:
    ways = BothWays((*lessons(), *wrapped_lessons(SCHEMA)), replica_identity=replica_identity)
    value = as_json(envelope) if schema is None else in_wrapper(envelope, schema)
    record = a_plain_record(value, key, timestamp=timestamp)

    for _ in range(2):  # the second time it may have been learned
        ways.line(record)


@settings(max_examples=600, deadline=None)
@given(
    op=st.sampled_from(["c", "u", "u", "d", "r"]),
    old=st.just(ORDINARY) | typed_rows,
    new=st.just(ORDINARY) | typed_rows,
    key=st.sampled_from([None, b'{"id":1}', b'{"due":20000,"id":1}']),
)
def test_rows_with_types_of_their_own(
    op: str, old: dict[str, Any] | None, new: dict[str, Any] | None, key: bytes | None
) -> None:
    ways = BothWays([a_record(TYPES, key, op="c", before=None, after=ORDINARY)])
    record = a_record(TYPES, key, op=op, before=old, after=new)

    for _ in range(3):  # its schema is met, then its table, then it is taken
        ways.line(record)


@settings(max_examples=1_500, deadline=None)
@given(
    op=st.sampled_from(["c", "u", "d", "r"]),
    edits=st.lists(
        st.tuples(
            st.floats(0, 1, exclude_max=True),
            st.sampled_from(["put", "insert", "delete", "cut"]),
            st.sampled_from(BYTES),
        ),
        min_size=1,
        max_size=3,
    ),
    of_key=st.booleans(),
    schema=st.sampled_from([None, SCHEMA]),
)
def test_bytes_that_were_damaged(
    op: str, edits: list[tuple[float, str, int]], schema: object, *, of_key: bool
) -> None:
    ways = BothWays(lessons() if schema is None else wrapped_lessons(schema))
    value, key = plain(op), KEY
    if schema is not None:
        value, key = in_wrapper(json.loads(value), schema), in_wrapper({"id": 1}, KEY_SCHEMA)
    if of_key:
        key = damaged(key, edits)
    else:
        value = damaged(value, edits)
    record = a_plain_record(value, key)

    for _ in range(2):
        ways.line(record)


def damaged(data: bytes, edits: list[tuple[float, str, int]]) -> bytes:
    made = bytearray(data)
    for place, edit, byte in edits:
        index = int(place * len(made))
        if edit == "put" and made:
            made[index] = byte
        elif edit == "insert":
            made.insert(index, byte)
        elif edit == "delete":
            del made[index : index + 1]
        elif edit == "cut":
            del made[index:]
    return bytes(made)


@pytest.mark.parametrize("name", NAMES)
def test_what_real_connectors_sent(name: str) -> None:
    ways = BothWays(recording(name), schemas=registered(name))

    for record in recording(name):
        ways.line(record)


def test_the_ordinary_changes_of_a_real_connector_are_taken() -> None:
    changes = [record for record in recording("01-pg-basic-full") if record.value]
    ways = BothWays(changes)

    left = [record.offset for record in changes if not ways.takes(record)]

    assert left == [0]  # before it there was no commit
    assert len(changes) == 13

"""Whatever a record is: one line of JSON, one table, and never an exception."""

import io
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from entrypoints.decode.change_table import ChangeTables
from entrypoints.decode.input_lines import GivenRecord, read_lines
from entrypoints.decode.json_lines import JsonLines
from entrypoints.decode.outcome import Decoding, Failure
from entrypoints.settings import AppConfig
from tests.unit.debezium.records import a_consumed
from tests.unit.debezium.test_properties import damaged_bytes, damaged_objects

DECODING = Decoding(AppConfig())
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["id", "__debezium.newkey", "__debezium.oldkey", "__op", "a\0b", "x"]),
        st.none() | st.binary(max_size=8) | st.sampled_from([b'{"id":1}', b"[1]", b'"\\ud800"']),
    ),
    max_size=3,
)


@settings(max_examples=150, deadline=None)
@given(value=damaged_objects() | damaged_bytes(), headers=HEADERS)
def test_a_damaged_record_becomes_one_line_and_one_table(
    value: dict[str, Any] | bytes, headers: list[tuple[str, bytes | None]]
) -> None:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    record = a_consumed(data, key={"id": 1}, headers=tuple(headers))
    lines, screen = io.BytesIO(), io.StringIO()

    outcome = DECODING.outcome(GivenRecord("it", record))
    JsonLines(lines).show(outcome)
    ChangeTables(Console(file=screen, force_terminal=True, width=80)).show(outcome)

    assert lines.getvalue().count(b"\n") == 1
    assert json.loads(lines.getvalue())["kind"] in {"change", "skip", "error"}
    assert "it" in screen.getvalue()
    assert not isinstance(outcome.result, Failure) or outcome.result.reason != "unexpected"
    assert set(screen.getvalue()) & {"\0", "\x07", "\r"} == set()


@settings(max_examples=150, deadline=None)
@given(line=st.binary(max_size=60) | st.from_regex(rb'\A\{"topic":"t","value":.{0,30}\}\Z'))
def test_any_line_is_a_record_a_bad_line_or_blank(line: bytes) -> None:
    found = list(read_lines([line]))

    assert len(found) == (0 if line.isspace() else 1)

"""What `cdc-audit decode` shows on a terminal."""

import io
import json
import re

import pytest
from rich.console import Console

from entrypoints.decode.change_table import ChangeTables
from entrypoints.decode.input_lines import read_lines
from entrypoints.decode.outcome import Decoding
from entrypoints.settings import AppConfig
from tests.unit.debezium.records import an_envelope, with_schema
from tests.unit.entrypoints.decode_runs import a_line

TOPIC = "srv1.public.customers"
COLUMNS = [{"field": "id", "type": "int32"}, {"field": "name", "type": "string"}]
UPDATE = an_envelope("u", before={"id": 1, "name": "Ann Lee"}, after={"id": 1, "name": "Ann Ray"})


def a_change(envelope: object) -> dict[str, object]:
    return a_line(name="it", topic=TOPIC, key='{"id":1}', value=json.dumps(envelope))


def shown(*lines: object, width: int = 100) -> str:
    """What a terminal gets, with its colours."""
    console = Console(
        file=io.StringIO(), force_terminal=True, color_system="standard", width=width, _environ={}
    )
    tables, decoding = ChangeTables(console), Decoding(AppConfig())
    for given in read_lines(json.dumps(line).encode() for line in lines):
        tables.show(decoding.outcome(given))
    tables.finish()
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def plain(text: str) -> str:
    """The text without colours, and without space that only fills."""
    return re.sub(" +", " ", re.sub(r"\x1b\[[\d;]*m", "", text))


def test_an_update_is_a_table_with_a_sign_where_a_column_changed() -> None:
    text = plain(shown(a_change(with_schema(UPDATE, COLUMNS))))

    assert "it change update inventory.public.customers postgresql" in text
    assert 'key {"id":1} change_timestamp 2023-11-14T22:13:20.123Z transaction_id 556' in text
    assert " column before after notes" in text
    assert "\n id 1 1" in text
    assert "\n~ name Ann Lee Ann Ray" in text


def test_what_changed_within_a_text_has_a_colour_and_what_did_not_has_none() -> None:
    text = shown(a_change(with_schema(UPDATE, COLUMNS)))

    assert "Ann \x1b[1;31mLee\x1b[0m" in text
    assert "Ann \x1b[1;32mRay\x1b[0m" in text


def test_null_a_text_that_says_so_and_what_was_not_sent_look_different() -> None:
    fields = ("null", "says_so", "empty", "spaced", "large")
    columns = [{"field": name, "type": "string"} for name in fields]
    row: dict[str, str | None] = dict.fromkeys(fields, "__debezium_unavailable_value")
    row |= {"null": None, "says_so": "NULL", "empty": "", "spaced": " x"}
    change = an_envelope("u", before=row | {"large": "much"}, after=row)

    text = plain(shown(a_change(with_schema(change, columns))))

    assert "\n null NULL NULL" in text
    assert '\n says_so "NULL" "NULL"' in text
    assert '\n empty "" ""' in text
    assert '\n spaced " x" " x"' in text
    assert "\n? large much (not sent) unavailable" in text


def test_fillers_of_an_old_row_are_not_shown_as_data() -> None:
    deleted = an_envelope("d", before={"id": 1, "name": ""})

    text = plain(shown(a_change(with_schema(deleted, COLUMNS))))

    assert "\n- id 1" in text
    assert "\n? name (not known)" in text
    assert "\n1 record: 1 change\n" in text
    assert "The fillers are no data." in text


def test_without_a_row_before_nothing_is_said_of_what_changed() -> None:
    update = an_envelope("u", after={"id": 1, "name": "Ann"})

    text = plain(shown(a_change(with_schema(update, COLUMNS))))

    assert "\n id 1" in text
    assert "The source did not send the row as it was before" in text


def test_a_skip_an_error_and_a_bad_line_are_told_and_counted() -> None:
    text = plain(shown(a_line(name="beat"), a_line(name="bad", topic=TOPIC, value="[1]"), []))

    assert "beat skip heartbeat\n" in text
    assert "bad error not_a_change_event\n" in text
    assert "'[1]'" in text
    assert "line 3 error bad_line\n" in text
    assert "\n3 records: 2 error, 1 skip\n" in text


def test_a_logical_message_shows_its_content() -> None:
    message = {"prefix": "audit", "content": "eyJ1c2VyIjoiYm9iIn0="}

    text = plain(shown(a_change(an_envelope("m", message=message))))

    assert "it change message\n" in text
    assert "transaction_id 556 position" in text
    assert r'{"prefix":"audit","content":"{\"user\":\"bob\"}"}' in text


def test_without_input_it_says_so() -> None:
    assert "0 records: nothing to read" in plain(shown())


@pytest.mark.parametrize("evil", ["\x1b[2J", "[bold red]x[/]", "\u202e"])
def test_nothing_of_a_record_reaches_the_terminal_as_a_command(evil: str) -> None:
    change = a_change(an_envelope("c", after={f"column {evil}": f"value {evil}"}))
    change["name"] = f"name {evil}"
    broken = a_line(name="broken", topic=TOPIC, value=f"text {evil}")

    text = shown(change, broken, width=200)

    harmless = evil if evil.isprintable() else evil.encode("unicode_escape").decode()[-4:]
    for where in ("column", "value", "name"):
        assert re.search(rf"{where} \S*?{re.escape(harmless)}", plain(text))
    assert "\x1b[2J" not in text
    assert "\u202e" not in text

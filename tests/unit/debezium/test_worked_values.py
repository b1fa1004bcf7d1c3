"""Every worked value of the reference's table: schema and wire form to canonical form."""

import json
import re
from typing import Any

import pytest

from tests.unit.debezium.records import DATA, an_envelope, audited, with_schema

_ROW = re.compile(
    r"^\| (dbz|connect)\.(\S+) \| (.*?) \| `(.*?)` \| (.*?) \| `(.*?)` \|", re.MULTILINE
)
_PREFIXES = {"dbz": "io.debezium", "connect": "org.apache.kafka.connect.data"}
_TYPES = {
    "int": "int32",
    "long": "int64",
    "string": "string",
    "bytes": "bytes",
    "array": "array",
    "record": "struct",
}


def _worked() -> list[tuple[dict[str, Any], Any, str]]:
    """Read the table: schema of the column, value on the wire, canonical value."""
    text = (DATA / "events.md").read_text("utf-8")
    found: list[tuple[dict[str, Any], Any, str]] = []
    for prefix, own, parameters, wire, avro, canonical in _ROW.findall(text):
        kind = re.match(r"[a-z]+", avro)
        assert kind is not None
        schema = {
            "type": _TYPES[kind[0]],
            "name": f"{_PREFIXES[prefix]}.{own}",
            "parameters": dict(re.findall(r"([\w.]+)=([^=]*)(?:, |$)", parameters)),
            "field": "v",
        }
        found.append((schema, json.loads(wire.replace("\\|", "|")), canonical))
    return found


WORKED = _worked()


@pytest.mark.parametrize(("schema", "wire", "canonical"), WORKED)
def test_a_worked_value_has_its_canonical_form(
    schema: dict[str, Any], wire: object, canonical: str
) -> None:
    envelope = an_envelope(after={"v": wire})

    record = audited(with_schema(envelope, [schema]))

    value = json.loads(record.new_data or "")["v"]
    assert (value if isinstance(value, str) else str(value)) == canonical


def test_the_table_is_read() -> None:
    assert len(WORKED) == 78

"""
The columns of recorded tables, from the SQL that made them, where no schema came with the rows.

Only types are known whose values look the same in every mode of the connector that was used, and
decimals, whose mode is read from the connector's configuration.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache

from adapters.debezium.connect_schema import ConnectSchema
from tests.unit.debezium.records import DATA

TABLE = re.compile(r"CREATE TABLE ([\w.]+) \((.*?)\)(?=;|$)", re.DOTALL)
"""A table as a set-up makes it: its name, and its columns."""

_DECIMAL = re.compile(r"(?:numeric|decimal)\(\d+,\s*(\d+)\)")
_WHOLE = re.compile(r"(?:tiny|small|medium|big)?int(?:eger)?(?! unsigned|\()\b")
_TEXT = re.compile(r"text|varchar|uuid")
_DECIMAL_MODE = re.compile(r'"decimal\.handling\.mode": "(string|double)"')


@cache
def tables(name: str) -> Mapping[str, ConnectSchema]:
    """The tables that the set-up of a recording makes, with the columns whose type is known."""
    path = DATA / "recorded" / f"{name}.truth.json"
    setup = json.loads(path.read_text("utf-8"))["setup"] if path.exists() else ""
    configuration = (DATA / "recorded" / f"{name}.md").read_text("utf-8")
    return {
        match[1].rpartition(".")[2]: ConnectSchema(
            "struct", fields=tuple(_columns(match[2], configuration))
        )
        for match in TABLE.finditer(setup)
    }


def _columns(inside: str, configuration: str) -> Iterator[ConnectSchema]:
    mode = _DECIMAL_MODE.search(configuration)
    decimal_type = "bytes" if mode is None else mode[1]
    for column in re.split(r",(?![^(]*\))", inside):
        own, _, kind = column.strip().partition(" ")
        if "[]" in kind:
            continue
        if _WHOLE.match(kind):
            yield ConnectSchema("int64", field=own)
        elif kind.startswith("boolean"):
            yield ConnectSchema("int16" if "MariaDb" in configuration else "boolean", field=own)
        elif _TEXT.match(kind):
            yield ConnectSchema("string", field=own)
        elif decimal := _DECIMAL.match(kind):
            name, scale = "org.apache.kafka.connect.data.Decimal", {"scale": decimal[1]}
            yield ConnectSchema(decimal_type, name=name, parameters=scale, field=own)
        elif kind.startswith("timestamptz"):
            yield ConnectSchema("string", name="io.debezium.time.ZonedTimestamp", field=own)

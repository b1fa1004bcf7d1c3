"""What a compiled reader reads, fastavro reads too, and as the same; the rest it leaves to it."""

from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.debezium.avro_reader import NotCompiledError, compile_reader

_library: Any = fastavro  # its stubs leave open what its streams hold

PRIMITIVES: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1) | st.integers(-70, 70),
    "float": st.floats(width=32),
    "double": st.floats(),
    "string": st.text(max_size=80),
    "bytes": st.binary(max_size=80),
}
Typed = tuple[Any, st.SearchStrategy[Any]]


class Names:
    """Gives every named type a name of its own."""

    def __init__(self) -> None:
        self._number = 0

    def new(self) -> str:
        """A name that no other type has."""
        self._number += 1
        return f"t.Name{self._number}"


@st.composite
def typed(draw: st.DrawFn, names: Names | None = None, depth: int = 0) -> Typed:
    """A schema, and values of it."""
    names = names or Names()
    form = draw(st.sampled_from(["simple", "simple", "record", "array", "map"]))
    if form == "simple" or depth > 1:
        schema, values = _simple(draw, names)
    elif form == "record":
        parts = [draw(typed(names, depth + 1)) for _ in "ab"]
        fields = [{"name": n, "type": part[0]} for n, part in zip("ab", parts, strict=True)]
        schema = {"type": "record", "name": names.new(), "fields": fields}
        values = st.fixed_dictionaries({"a": parts[0][1], "b": parts[1][1]})
    else:
        schema, values = _many(form, draw(typed(names, depth + 1)))
    if schema == "null" or draw(st.booleans()):
        return schema, values
    branches = ["null", schema] if draw(st.booleans()) else [schema, "null"]
    return branches, st.none() | values


def _simple(draw: st.DrawFn, names: Names) -> Typed:
    kind = draw(st.sampled_from([*PRIMITIVES, "enum", "fixed"]))
    if kind == "enum":
        return {"type": "enum", "name": names.new(), "symbols": ["A", "B"]}, st.sampled_from("AB")
    if kind == "fixed":
        size = draw(st.integers(1, 3))
        values = st.binary(min_size=size, max_size=size)
        return {"type": "fixed", "name": names.new(), "size": size}, values
    return kind, PRIMITIVES[kind]


def _many(form: str, one: Typed) -> Typed:
    schema, values = one
    if form == "map":
        keys = st.text(max_size=9)
        return {"type": "map", "values": schema}, st.dictionaries(keys, values, max_size=3)
    if schema == "null":  # of nothing there is no end: refused elsewhere
        schema, values = "int", PRIMITIVES["int"]
    return {"type": "array", "items": schema}, st.lists(values, max_size=3)


def by_fastavro(schema: object, body: bytes) -> Any:  # noqa: ANN401 - of any schema
    stream = BytesIO(body)
    value = _library.schemaless_reader(stream, _library.parse_schema(schema), None)
    if stream.tell() != len(body):
        raise EOFError
    return value


def written(schema: object, value: object) -> bytes:
    stream = BytesIO()
    _library.schemaless_writer(stream, _library.parse_schema(schema), value)
    return stream.getvalue()


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made=typed(), data=st.data())
def test_a_compiled_reader_reads_whatever_is_of_the_schema(
    made: Typed, data: st.DataObject
) -> None:
    schema = made[0]
    body = written(schema, data.draw(made[1]))

    value = compile_reader(schema)(body)

    assert repr(value) == repr(by_fastavro(schema, body))


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made=typed(), data=st.data())
def test_whatever_it_reads_fastavro_reads_as_the_same(made: Typed, data: st.DataObject) -> None:
    schema = made[0]
    damaged = bytearray(written(schema, data.draw(made[1])))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged)))
        damaged[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=10))

    try:
        value = compile_reader(schema)(bytes(damaged))
    except Exception:  # noqa: BLE001 - any: then fastavro is asked
        return

    assert repr(value) == repr(by_fastavro(schema, bytes(damaged)))


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param(
            {
                "type": "record",
                "name": "Tree",
                "fields": [{"name": "left", "type": ["null", "Tree"]}],
            },
            id="one that contains itself",
        ),
        pytest.param(
            {
                "type": "record",
                "name": "Wide",
                "fields": [{"name": f"c{n}", "type": "int"} for n in range(6000)],
            },
            id="one of six thousand columns",
        ),
        pytest.param("Elsewhere", id="one that is defined elsewhere"),
    ],
)
def test_a_schema_that_cannot_be_compiled_is_left_to_fastavro(schema: object) -> None:
    with pytest.raises(NotCompiledError):
        compile_reader(schema)


def test_names_of_a_schema_are_never_taken_for_source() -> None:
    hostile = "a'}\n    raise SystemExit #"
    schema = {
        "type": "record",
        "name": hostile,
        "fields": [
            {"name": hostile, "type": "int"},
            {"name": "e", "type": {"type": "enum", "name": "E", "symbols": [hostile]}},
        ],
    }

    value = compile_reader(schema)(b"\x02\x00")

    assert value == {hostile: 1, "e": hostile}


def test_a_long_array_of_nothing_left_ends_at_once() -> None:
    schema = {"type": "array", "items": {"type": "fixed", "name": "F", "size": 2}}
    two_to_the_forty = b"\x80\x80\x80\x80\x80\x80\x20"

    with pytest.raises(EOFError):
        compile_reader(schema)(two_to_the_forty + b"abc")

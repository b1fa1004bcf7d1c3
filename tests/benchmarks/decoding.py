"""
Decoding, as a worker does it, beside the least that anybody could do with the same bytes.

    JSON ──▶ json.loads, orjson.loads      Avro ──▶ fastavro, reading into dicts

`decode_*` is the decoder alone; `transform_*` is what a worker does: decode, classify, and encode
the rows for COPY. All figures are of the processor's time of this process.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any

import fastavro
import msgspec
import orjson

from adapters.debezium.config import DecoderConfig
from adapters.debezium.decoder import DebeziumDecoder
from adapters.debezium.registered_schemas import RegisteredSchemas
from adapters.direct.lines import best_lines
from adapters.memory.schema_lookup import MemorySchemaLookup
from adapters.postgres.row_encoder import PostgresRowEncoder
from adapters.postgres.sql_files import wanted_version
from application.transform_records import transform_records
from domain.registered_schema import (
    RegisteredSchema,
    SchemaFormat,
    SchemaIdKind,
    SchemaReference,
)
from tests.benchmarks import events, typed_events
from tests.benchmarks.measuring import Figures, alternate, figure, ratio
from tests.benchmarks.rig import Rig

_NANOSECONDS_PER_MICROSECOND = 1_000
_BEHIND_ID = 5

_library: Any = fastavro  # its stubs leave open what its streams hold


class Shape(msgspec.Struct, frozen=True):
    """
    A form that events come in.

    Attributes:
        make: Encodes the event of a number.
        schema: What the registry has under the id 1.
        beside: What is measured beside it, each decoding one value.
    """

    make: Callable[[int], bytes]
    beside: Mapping[str, Callable[[bytes], object]]
    schema: RegisteredSchema | None = None

    def decoder(self) -> DebeziumDecoder:
        """Make a decoder with a registry in memory."""
        lookup = MemorySchemaLookup()
        if self.schema is not None:
            lookup.schemas[SchemaReference(SchemaIdKind.CONFLUENT_ID, "1")] = self.schema
        return DebeziumDecoder(DecoderConfig(), schemas=RegisteredSchemas(lookup))


def _with_fastavro() -> Callable[[bytes], object]:
    parsed = _library.parse_schema(typed_events.bare(typed_events.AVRO_SCHEMA))
    read = _library.schemaless_reader

    def decode(value: bytes) -> object:
        return read(BytesIO(value[_BEHIND_ID:]), parsed)

    return decode


_JSON: Mapping[str, Callable[[bytes], object]] = {
    "json_loads": json.loads,
    "orjson": orjson.loads,
}
SHAPES: Mapping[str, Shape] = {
    "plain": Shape(events.plain, _JSON),
    "with_schema": Shape(typed_events.with_schema, _JSON),
    "flattened": Shape(events.flattened, _JSON),
    "avro": Shape(
        typed_events.in_avro,
        {"fastavro": _with_fastavro()},
        RegisteredSchema(SchemaFormat.AVRO, json.dumps(typed_events.AVRO_SCHEMA)),
    ),
    "protobuf": Shape(typed_events.in_protobuf, {}, typed_events.PROTOBUF_SCHEMA),
}


def measure(rig: Rig) -> Figures:
    """
    Measure every shape of events.

    Raises:
        RuntimeError: An event was not audited: the figures would be of something else.
    """
    figures: Figures = {}
    for name, shape in SHAPES.items():
        rig.say(f"decoding: {name}")
        figures |= _measure_shape(name, shape, rig.scale.decoded, rig.scale.rounds)
    return figures


def _measure_shape(name: str, shape: Shape, count: int, rounds: int) -> Figures:
    values = [shape.make(number) for number in range(count)]
    candidates = {
        "transform": _transforming(shape, values),
        "decode": _decoding(shape, values),
        **{other: _beside(decode, values) for other, decode in shape.beside.items()},
    }
    samples = alternate(
        {key: _timed(work, count) for key, work in candidates.items()}, rounds=rounds
    )
    figures = {f"{key}_us_per_event_{name}": figure(samples[key], "us") for key in candidates}
    ratios = {
        f"{key}_over_{other}_{name}": ratio(samples[key], samples[other])
        for key in ("decode", "transform")
        for other in shape.beside
    }
    return {**figures, **ratios}


def _transforming(shape: Shape, values: Sequence[bytes]) -> Callable[[], None]:
    decoder = shape.decoder()
    encoder = PostgresRowEncoder(wanted_version())
    lines = best_lines(decoder, encoder)
    part = events.a_slice(values)

    def work() -> None:
        batch = transform_records(decoder, encoder, [part], lines=lines)
        if batch.row_count != len(values):
            reasons = {bad.error_message for bad in batch.quarantined[:100]}
            raise RuntimeError(f"{batch.row_count} of {len(values)} became rows: {reasons}")

    return work


def _decoding(shape: Shape, values: Sequence[bytes]) -> Callable[[], None]:
    decoder = shape.decoder()
    records = events.records(values)

    def work() -> None:
        for record in records:
            decoder.decode(record, 1)

    return work


def _beside(decode: Callable[[bytes], object], values: Sequence[bytes]) -> Callable[[], None]:
    def work() -> None:
        for value in values:
            decode(value)

    return work


def _timed(work: Callable[[], None], count: int) -> Callable[[], float]:
    def microseconds_each() -> float:
        # The processor's time of this process: what else the machine does is not in it.
        began = time.process_time_ns()
        work()
        return (time.process_time_ns() - began) / _NANOSECONDS_PER_MICROSECOND / count

    return microseconds_each

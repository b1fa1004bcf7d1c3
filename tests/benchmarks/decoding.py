"""Decode and encode, as a worker does it, beside `json.loads` of the same values."""

import json
import time
from collections.abc import Callable

from adapters.debezium.config import DecoderConfig
from adapters.debezium.decoder import DebeziumDecoder
from adapters.postgres.row_encoder import PostgresRowEncoder
from adapters.postgres.sql_files import wanted_version
from application.transform_records import transform_records
from tests.benchmarks import events
from tests.benchmarks.measuring import Figures, alternate, figure, ratio

_NANOSECONDS_PER_MICROSECOND = 1_000
_SHAPES = {"plain": events.plain, "with_schema": events.with_schema}


def measure(*, count: int, rounds: int) -> Figures:
    """
    Measure both shapes of events.

    Args:
        count: Events of each shape in each round.
        rounds: Rounds, at least 1.

    Raises:
        RuntimeError: An event was not audited: the figures would be of something else.
    """
    figures: Figures = {}
    for shape, make in _SHAPES.items():
        figures |= _measure_shape(shape, [make(number) for number in range(count)], rounds)
    return figures


def _measure_shape(shape: str, values: list[bytes], rounds: int) -> Figures:
    decoder = DebeziumDecoder(DecoderConfig())
    encoder = PostgresRowEncoder(wanted_version())
    part = events.a_slice(values)

    def transform() -> None:
        batch = transform_records(decoder, encoder, [part])
        if batch.row_count != len(values):
            raise RuntimeError(f"{batch.row_count} of {len(values)} events became rows")

    def loads() -> None:
        for value in values:
            json.loads(value)

    samples = alternate(
        {
            "transform": lambda: _microseconds_each(transform, len(values)),
            "loads": lambda: _microseconds_each(loads, len(values)),
        },
        rounds=rounds,
    )
    return {
        f"transform_us_per_event_{shape}": figure(samples["transform"], "us"),
        f"json_loads_us_per_event_{shape}": figure(samples["loads"], "us"),
        f"transform_over_json_loads_{shape}": ratio(samples["transform"], samples["loads"]),
    }


def _microseconds_each(work: Callable[[], None], count: int) -> float:
    # The processor's time of this process: what else the machine does is not in it.
    began = time.process_time_ns()
    work()
    return (time.process_time_ns() - began) / _NANOSECONDS_PER_MICROSECOND / count

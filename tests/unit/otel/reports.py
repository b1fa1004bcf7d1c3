"""Reports of batches, for tests of what is measured."""

from typing import Any

from application.reports import BatchReport, StageTime
from domain.disposition import Tally
from domain.stream import StreamPartition
from domain.transformed import Advance, TransformedBatch

TOPIC = "shop.public.orders"
START = 1_700_000_000_000_000_000
"""Nanoseconds since 1970: when the builder's batch was polled."""

MILLISECOND = 1_000_000


def an_advance(tally: Tally, *, topic: str = TOPIC, partition: int = 0) -> Advance:
    """How `tally` moves one partition, from offset 0."""
    return Advance(
        partition=StreamPartition(1, partition, topic),
        expected=0,
        next_offset=tally.total,
        tally=tally,
    )


def a_report(*advances: Advance, **fields: Any) -> BatchReport:  # noqa: ANN401 - any field
    """A batch that was polled in 10 ms, transformed in 20 ms and appended in 30 ms."""
    batch_fields: dict[str, Any] = {"rows": b"", "row_count": 0, "days": frozenset()}
    for name in _OF_THE_BATCH & fields.keys():
        batch_fields[name] = fields.pop(name)
    at = [START + MILLISECOND * passed for passed in (0, 10, 30, 60)]
    defaults: dict[str, Any] = {
        "record_count": sum(advance.tally.total for advance in advances),
        "size": 1000,
        "stages": (
            StageTime("poll", at[0], at[1]),
            StageTime("transform", at[1], at[2]),
            StageTime("append", at[2], at[3]),
        ),
    }
    return BatchReport(
        batch=TransformedBatch(advances=advances, **batch_fields), **{**defaults, **fields}
    )


_OF_THE_BATCH = frozenset(TransformedBatch.__struct_fields__)

"""Redeliveries in memory: every row of a stream is looked at, whatever positions say."""

from collections.abc import Sequence

import msgspec

from adapters.memory.trail import MemoryRun, MemoryTrail, PartitionKey
from application.mark_redeliveries import RunInterval
from domain.audit_record import AuditRecord
from domain.operation import OperationTypeEnum, TimestampSource
from domain.redelivery import (
    Delivery,
    Redelivery,
    RunStretch,
    begins_run,
    repeats,
    stands_alone,
)
from domain.transformed import Advance


def mark_redeliveries(trail: MemoryTrail, advances: Sequence[Advance]) -> None:
    """Note the runs of what was stored last, and mark what repeats other rows."""
    for advance in advances:
        key = (advance.partition.stream_id, advance.partition.partition)
        for stretch in advance.runs:
            _note(trail.runs.setdefault(key, []), stretch, sum(map(len, trail.runs.values())))
        if advance.runs:
            for found in repeats(_deliveries(trail, key[0])):
                offset = found.later[2]
                if found.later[:2] == key and advance.expected <= offset < advance.next_offset:
                    trail.redeliveries.setdefault(found.later, found)


class MemoryRedeliveryBooks:
    """
    The runs and the marks of a `MemoryTrail`.

    Args:
        trail: The trail.
    """

    def __init__(self, trail: MemoryTrail) -> None:
        self._trail = trail

    async def runs(self) -> Sequence[RunInterval]:
        return [
            RunInterval(
                topic=self._trail.topic_of(key[0]),
                stream_id=key[0],
                partition=key[1],
                run=run.run,
                first_offset=run.first_offset,
                next_offset=end,
                repeats_until="~",
            )
            for key, runs in sorted(self._trail.runs.items())
            for run, end in zip(
                runs,
                [*(r.first_offset for r in runs[1:]), self._trail.offsets[key].next_offset],
                strict=True,
            )
        ]

    async def repeats_in(self, interval: RunInterval) -> Sequence[Redelivery]:
        found = repeats(_deliveries(self._trail, interval.stream_id))
        return [mark for mark in found if _is_in(mark, interval)]

    async def marks_in(self, interval: RunInterval) -> Sequence[Redelivery]:
        marks = sorted(self._trail.redeliveries.items())
        return [mark for _, mark in marks if _is_in(mark, interval)]

    async def replace(self, interval: RunInterval, marks: Sequence[Redelivery]) -> None:
        for mark in await self.marks_in(interval):
            del self._trail.redeliveries[mark.later]
        self._trail.redeliveries.update({mark.later: mark for mark in marks})


def _is_in(mark: Redelivery, interval: RunInterval) -> bool:
    stream_id, partition, offset = mark.later
    return (stream_id, partition) == (interval.stream_id, interval.partition) and (
        interval.first_offset <= offset < interval.next_offset
    )


def _note(runs: list[MemoryRun], stretch: RunStretch, count: int) -> None:
    last = runs[-1] if runs else None
    if last is None or begins_run(stretch, run=last.run, highest=last.highest):
        runs.append(MemoryRun(count + 1, stretch.first_offset, stretch.run, stretch.highest))
    else:
        highest = max(filter(None, (last.highest, stretch.highest)), default=None)
        runs[-1] = msgspec.structs.replace(last, highest=highest)


def _deliveries(trail: MemoryTrail, stream_id: int) -> Sequence[Delivery]:
    return [
        _delivery(trail, stored.record)
        for (stream, _, _), stored in trail.records.items()
        if stream == stream_id
        and stored.record.source_position is not None
        and stored.record.timestamp_source is TimestampSource.SOURCE
        and stored.record.operation is not OperationTypeEnum.SNAPSHOT
    ]


def _delivery(trail: MemoryTrail, record: AuditRecord) -> Delivery:
    r = record
    key: PartitionKey = (r.stream_id, r.kafka_partition)
    run = _run_of(trail.runs.get(key, []), r.kafka_offset)
    same_id = [
        other.number
        for (stream, _), runs in trail.runs.items()
        for other in runs
        if stream == r.stream_id and run.run is not None and other.run == run.run
    ]
    place = r.lsn if r.connector == "postgresql" else r.source_position
    table = (r.source_name, r.source_database, r.source_schema, r.source_table)
    return Delivery(
        place=(*key, r.kafka_offset),
        run=run.run or f"without id, from {r.stream_id}-{r.kafka_partition}-{run.first_offset}",
        run_order=min(same_id, default=run.number),
        has_run_id=run.run is not None,
        identity=repr(
            (*table, r.operation, r.record_key, r.transaction_id, r.change_timestamp, place)
        ),
        content=repr((r.old_data, r.new_data)),
        order=(r.transaction_order, r.collection_order),
        is_alone=stands_alone(r.connector, r.operation, has_key=r.record_key is not None),
    )


def _run_of(runs: Sequence[MemoryRun], offset: int) -> MemoryRun:
    before = [run for run in runs if run.first_offset <= offset]
    return before[-1] if before else MemoryRun(0, 0, None, None)

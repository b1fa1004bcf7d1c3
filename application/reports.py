"""What the pipeline tells about itself: reports of batches, and its state in words."""

import enum
from collections.abc import Mapping, Sequence

import msgspec

from application.transform_load import TransformLoad
from domain.quarantine import QuarantinedRecord
from domain.transformed import TransformedBatch


class StageTime(msgspec.Struct, frozen=True):
    """
    When a stage of a batch ran.

    Attributes:
        stage: ``poll``, ``transform`` or ``append``.
        start_ns: Nanoseconds since 1970, UTC.
        end_ns: Nanoseconds since 1970, UTC.
    """

    stage: str
    start_ns: int
    end_ns: int


class BatchReport(msgspec.Struct, frozen=True, kw_only=True):
    """
    A batch that was committed.

    Attributes:
        batch: What was stored.
        record_count: Consumed records in it.
        size: Bytes of keys and values in it.
        stages: When each stage ran, in order.
        refused: Records that the database refused and that were quarantined.
        traceparents: W3C trace contexts sampled from the records' headers, for links.
    """

    batch: TransformedBatch
    record_count: int
    size: int
    stages: Sequence[StageTime]
    refused: Sequence[QuarantinedRecord] = ()
    traceparents: Sequence[str] = ()


class PipelineState(enum.StrEnum):
    """What the pipeline is doing."""

    STOPPED = "stopped"
    STARTING = "starting"
    JOINING = "joining"
    STANDBY = "standby"
    RUNNING = "running"
    WAITING = "waiting"
    STOPPING = "stopping"
    FAILED = "failed"


class PipelineStatus(msgspec.Struct, frozen=True, kw_only=True):
    """
    The pipeline at one moment, as health, readiness and `get_metrics` tell it.

    Attributes:
        state: What it is doing; WAITING means for something outside, named in `reason`.
        reason: Why it waits or failed, in words; None otherwise.
        assigned: Number of partitions that it reads.
        lag: Records behind, summed over them; None where unknown.
        last_progress: Seconds of a monotonic clock when a batch was last committed; or None.
        last_turn: Seconds of a monotonic clock when the loop last turned: for liveness.
        records: Consumed records by disposition, since the start.
        batches: Batches committed since the start.
        fenced: How often another writer had moved our offsets.
        transform_engine: ``ray``, ``inprocess``, or ``inprocess (ray is starting)`` and the like.
        held_topics: Topics that are held since nearly everything in them fails, with the reason.
        topic_orders: Topics of which an operator ordered to quarantine whatever fails, in words.
        stopped_partitions: Partitions whose log is damaged, as ``topic-partition``, with the
            reason and the command that skips the damage.
        transform_load: What is transformed where; None where all of it is in this process.
    """

    state: PipelineState
    reason: str | None = None
    assigned: int = 0
    lag: int | None = None
    last_progress: float | None = None
    last_turn: float = 0.0
    records: Mapping[str, int] = {}
    batches: int = 0
    fenced: int = 0
    transform_engine: str = "inprocess"
    held_topics: Mapping[str, str] = {}
    topic_orders: Mapping[str, str] = {}
    stopped_partitions: Mapping[str, str] = {}
    transform_load: TransformLoad | None = None

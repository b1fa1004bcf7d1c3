"""
Names, units and buckets of the metrics: the one list that dashboards and alerts rely on.

Dots become underscores, counters get ``_total``, unit ``s`` gives ``_seconds``, ``By`` ``_bytes``.
"""

from collections.abc import Sequence

from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View

METER = "cdc_audit"

CONSUMED = "cdc_audit.consumed.records"
RECORDS = "cdc_audit.records"
ABSENT = "cdc_audit.absent.offsets"
ROWS = "cdc_audit.rows"
CONTROL = "cdc_audit.control.records"
QUARANTINED = "cdc_audit.quarantined.records"
RETRIES = "cdc_audit.quarantine.retries"
BATCHES = "cdc_audit.batches"
STAGE_DURATION = "cdc_audit.batch.stage.duration"
BATCH_DURATION = "cdc_audit.batch.duration"
BATCH_RECORDS = "cdc_audit.batch.records"
BATCH_SIZE = "cdc_audit.batch.size"
FRESHNESS = "cdc_audit.freshness"
NEWEST_CHANGE = "cdc_audit.newest.change.timestamp"

BUILD_INFO = "cdc_audit.build.info"
LAG = "cdc_audit.lag.records"
ASSIGNED = "cdc_audit.assigned.partitions"
STATE = "cdc_audit.pipeline.state"
FENCED = "cdc_audit.fenced.batches"
HELD_TOPICS = "cdc_audit.held.topics"
POOL_CONNECTIONS = "cdc_audit.pool.connections"
POOL_LIMIT = "cdc_audit.pool.limit.connections"
POOL_WAITING = "cdc_audit.pool.waiting.requests"
OPEN_QUARANTINE = "cdc_audit.quarantine.open.records"
OPEN_GAPS = "cdc_audit.open.gaps"
STOPPED = "cdc_audit.stopped.partitions"
TRAIL_OFFSETS = "cdc_audit.trail.offsets"
ACTORS = "cdc_audit.ray.actors"
ACTORS_LEAST = "cdc_audit.ray.least.actors"
ACTORS_MOST = "cdc_audit.ray.most.actors"
TRANSFORMING = "cdc_audit.transforming.batches"
TRANSFORMED = "cdc_audit.transformed.batches"
TRANSFORM_BUSY = "cdc_audit.transform.busy"
UNACCOUNTED = "cdc_audit.unaccounted.offsets"
CHECKED_TRANSACTIONS = "cdc_audit.checked.transactions"
CHECKED_AT = "cdc_audit.completeness.check.timestamp"

_SECONDS = (
    *(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
_FRESHNESS = (
    *(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
    *(60.0, 300.0, 1800.0, 3600.0, 86400.0),
)
_RECORD_COUNTS = (1, 10, 50, 100, 500, 1000, 2500, 5000, 10000, 20000)
_BYTES = (1024, 16384, 65536, 262144, 1048576, 4194304, 16777216)


def views() -> Sequence[View]:
    """Buckets for every histogram: OpenTelemetry's own are made for milliseconds."""
    buckets: dict[str, Sequence[float]] = {
        STAGE_DURATION: _SECONDS,
        BATCH_DURATION: _SECONDS,
        FRESHNESS: _FRESHNESS,
        BATCH_RECORDS: _RECORD_COUNTS,
        BATCH_SIZE: _BYTES,
    }
    return [
        View(instrument_name=name, aggregation=ExplicitBucketHistogramAggregation(bounds))
        for name, bounds in buckets.items()
    ]

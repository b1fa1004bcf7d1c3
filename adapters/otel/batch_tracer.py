"""
One span for each batch, its stages as children, links to the producers that were sampled.

Spans are made after the fact, with the times of the report, so nothing on the hot path waits.
"""

from collections.abc import Sequence

from opentelemetry import trace
from opentelemetry.trace import Link, SpanKind, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from application.reports import BatchReport

_MOST_LINKS = 32
_MOST_TOPICS = 20

_propagator = TraceContextTextMapPropagator()


class BatchTracer:
    """
    Writes spans of committed batches.

    Args:
        tracer: Makes the spans.
    """

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def trace(self, report: BatchReport) -> None:
        """Write the spans of `report`. A report without stages has no time, and gives none."""
        if not report.stages:
            return
        span = self._tracer.start_span(
            "cdc_audit batch",
            context=trace.set_span_in_context(trace.INVALID_SPAN),
            kind=SpanKind.CONSUMER,
            attributes=_attributes(report),
            links=_links(report.traceparents),
            start_time=min(stage.start_ns for stage in report.stages),
        )
        inside = trace.set_span_in_context(span)
        for stage in report.stages:
            child = self._tracer.start_span(
                f"cdc_audit {stage.stage}", context=inside, start_time=stage.start_ns
            )
            child.end(end_time=stage.end_ns)
        span.end(end_time=max(stage.end_ns for stage in report.stages))


def _attributes(report: BatchReport) -> dict[str, str | int | Sequence[str]]:
    topics = sorted({advance.partition.topic for advance in report.batch.advances})
    return {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.batch.message_count": report.record_count,
        "cdc_audit.batch.size_bytes": report.size,
        "cdc_audit.batch.rows": report.batch.row_count,
        "cdc_audit.batch.quarantined": len(report.batch.quarantined) + len(report.refused),
        "cdc_audit.batch.partitions": len(report.batch.advances),
        "cdc_audit.batch.topics": topics[:_MOST_TOPICS],
    }


def _links(traceparents: Sequence[str]) -> list[Link]:
    """Link each sampled producer once; what is no trace context is left out."""
    links: list[Link] = []
    for traceparent in dict.fromkeys(traceparents):
        context = _propagator.extract({"traceparent": traceparent})
        producer = trace.get_current_span(context).get_span_context()
        if producer.is_valid and producer.trace_flags.sampled:
            links.append(Link(producer))
        if len(links) == _MOST_LINKS:
            break
    return links

"""Which spans a batch leaves."""

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, format_trace_id

from adapters.otel.batch_tracer import BatchTracer
from domain.disposition import Tally
from tests.unit.otel.reports import MILLISECOND, START, TOPIC, a_report, an_advance

SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
NOT_SAMPLED = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


class Spans:
    """The spans that a tracer wrote."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = BatchTracer(provider.get_tracer("test"))

    def named(self, name: str) -> ReadableSpan:
        """Give the one span called `name`."""
        (span,) = [s for s in self.exporter.get_finished_spans() if s.name == name]
        return span


@pytest.fixture
def spans() -> Spans:
    return Spans()


def test_a_batch_is_one_span_with_a_child_for_each_stage(spans: Spans) -> None:
    spans.tracer.trace(a_report(an_advance(Tally(audited=2))))

    batch = spans.named("cdc_audit batch")
    children = {
        span.name: (span.start_time, span.end_time)
        for span in spans.exporter.get_finished_spans()
        if span.parent == batch.context
    }
    assert batch.parent is None
    assert batch.kind is SpanKind.CONSUMER
    assert (batch.start_time, batch.end_time) == (START, START + 60 * MILLISECOND)
    assert children == {
        "cdc_audit poll": (START, START + 10 * MILLISECOND),
        "cdc_audit transform": (START + 10 * MILLISECOND, START + 30 * MILLISECOND),
        "cdc_audit append": (START + 30 * MILLISECOND, START + 60 * MILLISECOND),
    }


def test_the_span_says_what_was_in_the_batch(spans: Spans) -> None:
    spans.tracer.trace(a_report(an_advance(Tally(audited=2)), size=77, row_count=2))

    attributes = spans.named("cdc_audit batch").attributes or {}
    assert attributes["messaging.system"] == "kafka"
    assert attributes["messaging.batch.message_count"] == 2
    assert attributes["cdc_audit.batch.size_bytes"] == 77
    assert attributes["cdc_audit.batch.rows"] == 2
    assert attributes["cdc_audit.batch.topics"] == (TOPIC,)


def test_sampled_producers_are_linked_once_each(spans: Spans) -> None:
    report = a_report(
        an_advance(Tally(audited=4)),
        traceparents=[SAMPLED, SAMPLED, NOT_SAMPLED, "garbage", ""],
    )

    spans.tracer.trace(report)

    links = spans.named("cdc_audit batch").links
    assert [format_trace_id(link.context.trace_id) for link in links] == [SAMPLED[3:35]]


def test_a_batch_of_many_producers_links_only_some(spans: Spans) -> None:
    many = [f"00-{n:032x}-b7ad6b7169203331-01" for n in range(1, 1000)]

    spans.tracer.trace(a_report(an_advance(Tally(audited=999)), traceparents=many))

    assert len(spans.named("cdc_audit batch").links) == 32


def test_a_report_without_stages_has_no_time_and_no_span(spans: Spans) -> None:
    spans.tracer.trace(a_report(an_advance(Tally(audited=1)), stages=()))

    assert spans.exporter.get_finished_spans() == ()

"""Where traces go, as the standard variables say."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from adapters.otel.tracing import open_batch_tracer, wanted_exporters
from domain.disposition import Tally
from domain.errors import ConfigurationError
from tests.unit.otel.reports import a_report, an_advance

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@contextmanager
def a_collector(bodies: list[bytes]) -> Generator[str]:
    """An OTLP collector on loopback that keeps what it is sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("environ", "exporters"),
    [
        ({}, ()),
        ({"OTEL_TRACES_EXPORTER": "none", ENDPOINT: "http://otel:4318"}, ()),
        ({"OTEL_SDK_DISABLED": "true", ENDPOINT: "http://otel:4318"}, ()),
        ({"OTEL_SDK_DISABLED": "false", ENDPOINT: "http://otel:4318"}, ("otlp",)),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://otel:4318/v1/traces"}, ("otlp",)),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, ("otlp",)),
        ({"OTEL_TRACES_EXPORTER": "console, otlp"}, ("console", "otlp")),
    ],
)
def test_traces_go_only_where_a_variable_sends_them(
    environ: dict[str, str], exporters: tuple[str, ...]
) -> None:
    assert wanted_exporters(environ) == exporters


def test_an_exporter_that_is_not_here_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match="OTEL_TRACES_EXPORTER: 'zipkin' is not here"):
        wanted_exporters({"OTEL_TRACES_EXPORTER": "zipkin"})


def test_a_protocol_that_is_not_here_is_refused_by_name() -> None:
    environ = {ENDPOINT: "http://otel:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}

    with pytest.raises(ConfigurationError, match="OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc'"):
        wanted_exporters(environ)


def test_without_a_variable_there_is_no_tracer() -> None:
    with open_batch_tracer({}) as tracer:
        assert tracer is None


def test_spans_reach_a_collector_over_http(monkeypatch: pytest.MonkeyPatch) -> None:
    bodies: list[bytes] = []

    with a_collector(bodies) as url:
        monkeypatch.setenv(ENDPOINT, url)
        monkeypatch.setenv("OTEL_SERVICE_NAME", "audit-of-shop")
        with open_batch_tracer({ENDPOINT: url}) as tracer:
            assert tracer is not None
            tracer.trace(a_report(an_advance(Tally(audited=1))))

    requests = [ExportTraceServiceRequest.FromString(body) for body in bodies]
    resources = [resource for request in requests for resource in request.resource_spans]
    attributes = {a.key: a.value.string_value for r in resources for a in r.resource.attributes}
    spans = [span.name for r in resources for scope in r.scope_spans for span in scope.spans]
    assert attributes["service.name"] == "audit-of-shop"
    assert sorted(spans) == [
        "cdc_audit append",
        "cdc_audit batch",
        "cdc_audit poll",
        "cdc_audit transform",
    ]

"""
Where traces go: nowhere, unless the standard variables ask for it.

    OTEL_SDK_DISABLED=true                    nowhere
    OTEL_TRACES_EXPORTER=none                 nowhere
    OTEL_TRACES_EXPORTER=otlp                 OTLP over HTTP
    OTEL_TRACES_EXPORTER=console              standard output
    OTEL_EXPORTER_OTLP_[TRACES_]ENDPOINT=...  OTLP over HTTP, unless OTEL_TRACES_EXPORTER says else

The SDK itself reads the others (headers, sampler, batch sizes, service name).
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager

from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SimpleSpanProcessor,
    SpanExporter,
)

from adapters.otel.batch_tracer import BatchTracer
from adapters.otel.names import METER
from adapters.otel.resource import service_resource
from domain.errors import ConfigurationError

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_OURS = "http/protobuf"
_FLUSH_MS = 3_000


@contextmanager
def open_batch_tracer(environ: Mapping[str, str]) -> Generator[BatchTracer | None]:
    """
    Open the tracer that `environ` asks for. Leaving exports what is left, for three seconds.

    Args:
        environ: The process's environment.

    Raises:
        ConfigurationError: A variable asks for an exporter or a protocol that is not here.
    """
    exporters = wanted_exporters(environ)
    if not exporters:
        yield None
        return
    provider = TracerProvider(resource=service_resource(), shutdown_on_exit=False)
    for name in exporters:
        provider.add_span_processor(_processor(name))
    try:
        yield BatchTracer(provider.get_tracer(METER))
    finally:
        provider.force_flush(_FLUSH_MS)
        provider.shutdown()


def wanted_exporters(environ: Mapping[str, str]) -> tuple[str, ...]:
    """
    Read which exporters `environ` asks for; none where it asks for none.

    Raises:
        ConfigurationError: It asks for an exporter or a protocol that is not here.
    """
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return ()
    asked = environ.get("OTEL_TRACES_EXPORTER", "").strip()
    if not asked:
        asked = "otlp" if any(environ.get(name, "").strip() for name in _ENDPOINTS) else "none"
    names = tuple(dict.fromkeys(name.strip() for name in asked.split(",")))
    for name in names:
        if name not in ("otlp", "console", "none"):
            raise ConfigurationError(
                "OTEL_TRACES_EXPORTER", f"{name!r} is not here: use otlp, console or none."
            )
    if "otlp" in names:
        _check_protocol(environ)
    return tuple(name for name in names if name != "none")


def _check_protocol(environ: Mapping[str, str]) -> None:
    for variable in _PROTOCOLS:
        protocol = environ.get(variable, "").strip()
        if protocol:
            if protocol != _OURS:
                raise ConfigurationError(variable, f"{protocol!r} is not here: use {_OURS}.")
            return


def _processor(name: str) -> SpanProcessor:
    if name == "console":
        return SimpleSpanProcessor(ConsoleSpanExporter())
    # A tenth of what starting imports, and most services export no traces.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - see above
        OTLPSpanExporter,
    )

    exporter: SpanExporter = OTLPSpanExporter()
    return BatchSpanProcessor(exporter)

"""
No value of a row and no secret in logs, errors, health, metrics and traces, whatever happens.

    planted values ──▶ real Kafka ──▶ service (DEBUG, OTLP) ──▶ PostgreSQL
                                         └──▶ log, probes, metrics, traces ──▶ none is found there
"""

from collections.abc import Iterator, Mapping

import httpx
import msgspec
import psycopg
import pytest
from confluent_kafka import Producer
from psycopg import sql

from adapters.postgres.config import DatabaseConfig
from tests.e2e.conftest import StartService
from tests.e2e.operator import Operator
from tests.e2e.planted import LARGE, REFUSING, Planted
from tests.e2e.service_process import ServiceProcess
from tests.e2e.trail_check import Trail
from tests.e2e.written_topic import WrittenTopic
from tests.servers.postgres import scratch_role
from tests.servers.registry import registry_server
from tests.servers.trace_collector import TraceCollector, trace_collector

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

SECRETS = {
    "CDC_AUDIT_SOURCE_DATABASE_PASSWORD": "password of the source",
    "CDC_AUDIT_KAFKA_SASL_PASSWORD": "password of kafka",
    "CDC_AUDIT_SCHEMA_REGISTRY_PASSWORD": "password of the registry",
    "CDC_AUDIT_ACCESS_SESSION_SECRET": "secret that sessions are signed with",
    "CDC_AUDIT_ACCESS_OIDC_CLIENT_SECRET": "secret of the client at the provider",
    "CDC_AUDIT_REDACTION_HASH_KEY": "key that columns are hashed with",
}
LOUD = {
    "CDC_AUDIT_DEBUG": "true",
    "CDC_AUDIT_LOGGING_LEVEL": "DEBUG",
    "CDC_AUDIT_ACCESS_MODE": "tokens",
    "CDC_AUDIT_CONSUMER_MAX_RECORD_BYTES": str(LARGE),
    "CDC_AUDIT_QUARANTINE_RETRY_FIRST_DELAY": "0.5",
    "CDC_AUDIT_QUARANTINE_RETRY_FACTOR": "1",
    "CDC_AUDIT_KAFKA_SASL_USERNAME": "audit",
    "CDC_AUDIT_SCHEMA_REGISTRY_USERNAME": "audit",
    "OTEL_BSP_SCHEDULE_DELAY": "100",
}


@pytest.fixture
def planted() -> Planted:
    return Planted()


@pytest.fixture
def collector() -> Iterator[TraceCollector]:
    with trace_collector() as collector:
        yield collector


@pytest.fixture
def user(trail_database: DatabaseConfig, planted: Planted) -> Iterator[DatabaseConfig]:
    """The database as a user with a planted password, whom the server asks for it."""
    password = planted.value("password of the database")
    with scratch_role("LOGIN") as name:
        with psycopg.connect(trail_database.conninfo, autocommit=True) as connection:
            change = sql.SQL("ALTER ROLE {} SUPERUSER PASSWORD {}")
            connection.execute(change.format(sql.Identifier(name), sql.Literal(password)))
            connection.execute(REFUSING.encode())
        yield msgspec.structs.replace(trail_database, username=name, password=password)


@pytest.fixture
def settings(
    settings: dict[str, str], planted: Planted, collector: TraceCollector, user: DatabaseConfig
) -> Iterator[dict[str, str]]:
    """Settings with a secret in each place that takes one."""
    secrets = {name: planted.value(where) * 2 for name, where in SECRETS.items()}
    with registry_server() as registry:
        yield {
            **settings,
            **LOUD,
            **secrets,
            "CDC_AUDIT_SINK_DATABASE_USERNAME": user.username,
            "CDC_AUDIT_SINK_DATABASE_PASSWORD": user.password,
            "CDC_AUDIT_SCHEMA_REGISTRY_URL": registry.url,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_EXPORTER_OTLP_HEADERS": f"authorization={planted.value('key of the collector')}",
        }


def write(topic: WrittenTopic, planted: Planted) -> None:
    """Write every planted record, each with a planted header, and one that names a trace."""
    producer = Producer({"bootstrap.servers": topic.cluster.bootstrap, "log_level": 0})
    for message in planted.messages():
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        headers: list[tuple[str, str | bytes | None]] = [
            (planted.value("name of a header"), planted.value("value of a header")),
            ("traceparent", trace),
            ("tracestate", f"vendor={planted.value('tracestate')}"),
        ]
        producer.produce(topic.name, message.value, message.key, 0, headers=headers)
    assert producer.flush(30) == 0


def ask(service: ServiceProcess, what: str, path: str, **headers: str) -> httpx.Response:
    """Ask a server of the service, as a probe or a program does."""
    service.wait_for(f"serving what={what} ")
    url = service.output.partition(f"serving what={what} url=")[2].split(maxsplit=1)[0]
    return httpx.get(url + path, headers=headers, timeout=30, trust_env=False)


def told_by(service: ServiceProcess, token: str, wrong: str) -> Mapping[str, bytes]:
    """What the service tells those who ask, but rows to whom may see them; it logs the others."""
    bearer = {"authorization": f"Bearer {token}"}
    assert ask(service, "page", "/api/v1/changes", **bearer).status_code == 200
    ask(service, "page", f"/api/v1/changes?key={wrong}", **bearer)
    probes = {path: ask(service, "health", path) for path in ("/health", "/ready", "/live")}
    refused = {
        "no token": ask(service, "page", "/api/v1/changes"),
        "a wrong token": ask(service, "page", "/", authorization=f"Bearer cdca_{wrong}"),
        "the form": ask(service, "page", "/login"),
        "metrics": ask(service, "metrics", "/metrics"),
    }
    return {name: answer.content for name, answer in {**probes, **refused}.items()}


@pytest.mark.parametrize("engine", ["inprocess", "ray"])
def test_neither_values_nor_secrets_leave_the_trail(  # noqa: PLR0913, PLR0917 - its scene
    topic: WrittenTopic,
    settings: dict[str, str],
    trail: Trail,
    start_service: StartService,
    planted: Planted,
    collector: TraceCollector,
    engine: str,
) -> None:
    settings["CDC_AUDIT_TRANSFORM_ENGINE"] = engine
    operator = Operator(settings)
    token = operator.run("token", "create", "ada").splitlines()[0]
    planted.marks["token"] = token
    write(topic, planted)

    service = start_service(settings)
    service.wait_until(lambda: trail.has_caught_up(topic), what="the end of the topic")
    service.wait_until(lambda: retried(trail) > 0, what="a retry")
    told = told_by(service, token, planted.value("what somebody searches"))
    service.wait_until(lambda: b"cdc_audit batch" in collector.everything, what="traces")
    assert service.terminate() == 0
    printed = {
        command: operator.run(*command.split()).encode()
        for command in ("config", "config --json", "token list", "stream list", "gap list")
    }

    kept = trail.query("SELECT error_type, error_message, raw_value FROM processing_error")
    assert len(kept) >= 9, kept  # the planted poison was poison
    assert {"CheckViolation", "RecordTooLargeError"} <= {entry["error_type"] for entry in kept}
    assert len(trail.query("SELECT FROM audit_logging")) >= 1
    assert planted.found_in({"the quarantine": repr(kept).encode()}) != []  # there, it may be
    outputs = {
        "the log": service.output.encode(),
        "traces": collector.everything,
        **told,
        **printed,
    }
    assert planted.found_in(outputs) == []


def retried(trail: Trail) -> int:
    (row,) = trail.query("SELECT coalesce(sum(retry_count), 0) AS times FROM processing_error")
    return int(row["times"])


@pytest.mark.parametrize(
    "trouble",
    [
        {"CDC_AUDIT_SINK_DATABASE_PORT": "1"},
        {"CDC_AUDIT_SINK_DATABASE_DATABASE": "there_is_none"},
        {"CDC_AUDIT_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT"},
    ],
    ids=["no server", "no database", "no SASL there"],
)
def test_no_secret_is_in_what_is_said_of_trouble(
    settings: dict[str, str],
    start_service: StartService,
    planted: Planted,
    trouble: Mapping[str, str],
) -> None:
    service = start_service({**settings, **trouble})

    service.wait_until(
        lambda: "waiting for" in service.output or service.exit_status is not None,
        what="a word about the trouble",
    )

    assert planted.found_in({"the log": service.output.encode()}) == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CDC_AUDIT_ACCESS_SESSION_SECRET", "{}"),
        ("CDC_AUDIT_REDACTION_HASH_KEY", "{}"),
        ("CDC_AUDIT_SCHEMA_REGISTRY_URL", "http://audit:{}@127.0.0.1/"),
        ("CDC_AUDIT_SINK_DATABASE_PASSWORD", "{}\udcff"),
        ("CDC_AUDIT_ACCESS_OIDC_ISSUER", "ftp://audit:{}@127.0.0.1/"),
    ],
)
def test_no_secret_is_in_what_is_said_of_a_setting(
    settings: dict[str, str], planted: Planted, variable: str, value: str
) -> None:
    short = planted.value("wrong")[:20]
    planted.marks["wrong"] = short

    told = Operator({**settings, variable: value.format(short)}).run("run", status=2)

    assert planted.found_in({"the error": told.encode()}) == []

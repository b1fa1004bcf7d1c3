"""The settings of the schema registry, as they reach the decoder."""

import asyncio
import pickle
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from adapters.debezium.registered_schemas import SchemaIds
from adapters.schema_registry.config import SchemaRegistryConfig
from adapters.schema_registry.lookup import RegistrySchemas
from domain.registered_schema import SchemaIdKind, SchemaReference
from entrypoints.container import Container, resolved, started
from entrypoints.registered_schemas import registered_schemas
from tests.unit.entrypoints.test_container import an_unreachable_config

_ESTABLISHED = "01"


@pytest.mark.parametrize("url", [None, " , "])
def test_without_an_address_there_are_no_schemas(url: str | None) -> None:
    assert registered_schemas(SchemaRegistryConfig(url=url)) is None


def test_how_records_name_schemas_is_what_the_settings_say() -> None:
    config = SchemaRegistryConfig(
        url="http://127.0.0.1:1", kind="apicurio", id_size=8, id_kind="content"
    )

    made = registered_schemas(config)

    assert made is not None
    assert isinstance(made.lookup, RegistrySchemas)
    assert made.ids == SchemaIds(registry="apicurio", size=8, kind="content")
    assert pickle.loads(pickle.dumps(made)).ids == made.ids  # noqa: S301 - our own


class KeepsConnections(BaseHTTPRequestHandler):
    """A registry that has one schema, and lets clients stay connected, as the real ones do."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        body = b'{"schema": "\\"string\\""}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """Run such a registry, and give its port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), KeepsConnections) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def is_connected(port: int) -> bool:
    """Whether a connection to the port stands, as the system has it."""
    lines = Path("/proc/net/tcp").read_text("ascii").splitlines()
    fields = [line.split() for line in lines]
    return any(f[2].endswith(f":{port:04X}") and f[3] == _ESTABLISHED for f in fields)


@pytest.mark.parametrize("whose", ["schemas", "retry_schemas"])
async def test_the_connections_are_closed_with_the_container(port: int, whose: str) -> None:
    config = an_unreachable_config()
    config.schema_registry = SchemaRegistryConfig(url=f"http://127.0.0.1:{port}")

    async with started(Container(config=config)) as container:
        schemas = await resolved(container.providers[whose])
        assert schemas is not None
        reference = SchemaReference(SchemaIdKind.CONFLUENT_ID, "1")
        await asyncio.to_thread(schemas.lookup.find, reference)
        was_connected = is_connected(port)

    assert (was_connected, is_connected(port)) == (True, False)

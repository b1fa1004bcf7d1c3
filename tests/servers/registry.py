"""
A schema registry for tests, on loopback: Confluent's API and Apicurio's, and every way to fail.

It has what Confluent's converters need to register (POST), and what readers need (GET). It is
small, not a registry: nothing is checked for compatibility.
"""

import base64
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from tests.servers.registry_apis import Answer, apicurio, confluent, in_json
from tests.servers.registry_contents import RegistryContents

EVERY_API = frozenset({"v2", "v3"})


class RegistryServer:
    """
    The server.

    Args:
        tls: Makes it speak https.

    Attributes:
        contents: What it holds.
        requests: The paths that were asked for, with their queries, in order.
        apis: Which versions of Apicurio's API it has.
        tells_types: Whether Apicurio's API tells the type of an artifact.
        authorization: The header that it insists on, if any.
        only_answer: Given to every request, where it is set.
        hangs: Whether it never answers.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.contents = RegistryContents()
        self.requests: list[str] = []
        self.apis = EVERY_API
        self.tells_types = False
        self.authorization: str | None = None
        self.only_answer: Answer | None = None
        self.hangs = False
        self._tls = tls
        self._port = 0
        self._over = threading.Event()
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    def require_user(self, username: str, password: str) -> None:
        """Insist on basic authentication."""
        pair = base64.b64encode(f"{username}:{password}".encode()).decode()
        self.authorization = f"Basic {pair}"

    def start(self) -> None:
        """Listen, at the port of before if it was started before."""
        self._over.clear()
        self._server = server = _Server(("127.0.0.1", self._port), _handler_of(self))
        self._port = server.server_address[1]
        if self._tls is not None:
            server.socket = self._tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Be gone: nobody listens any more, and open connections end."""
        server, self._server = self._server, None
        if server is not None:
            self._over.set()
            server.shutdown()
            server.server_close()

    def answer(self, method: str, target: str, authorization: str | None, body: bytes) -> Answer:
        """Answer a request."""
        self.requests.append(target)
        if self.hangs:
            self._over.wait()
        if self.only_answer is not None:
            return self.only_answer
        if self.authorization is not None and authorization != self.authorization:
            return in_json({"error_code": 40101, "message": "Unauthorized"}, 401)
        parts = urlsplit(target)
        steps = [unquote(step) for step in parts.path.split("/") if step]
        if steps[:2] == ["apis", "registry"]:
            return apicurio(self.contents, steps[2:], self.apis, tells_types=self.tells_types)
        query = parse_qs(parts.query)
        return confluent(self.contents, method, steps, query, body)


@contextmanager
def registry_server(*, tls: ssl.SSLContext | None = None) -> Generator[RegistryServer]:
    """Run a registry."""
    server = RegistryServer(tls=tls)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that go away are what tests are about."""


def _handler_of(registry: RegistryServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Hands requests to the registry."""

        def do_GET(self) -> None:
            """Read."""
            self._answer("GET")

        def do_POST(self) -> None:
            """Register."""
            self._answer("POST")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

        def _answer(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = registry.answer(method, self.path, self.headers.get("Authorization"), body)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            if answer.artifact_type is not None:
                self.send_header("X-Registry-ArtifactType", answer.artifact_type)
            self.end_headers()
            self.wfile.write(answer.body)

    return Handler

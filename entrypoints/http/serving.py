"""
Several HTTP servers in one event loop, each on a socket that was taken before any of them starts.

    endpoints ──▶ sockets (taken, or ConfigurationError) ──▶ uvicorn servers ──▶ stop, newest first
"""

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import AsyncGenerator, Generator, Sequence

import msgspec
import uvicorn
from starlette.types import ASGIApp

from domain.errors import ConfigurationError

_LINGER = 3
_BACKLOG = 128


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """
    An application and where it is served.

    Attributes:
        name: What people call it, for errors and logs (``metrics``).
        app: The application.
        host: Name or address to listen on.
        port: Port; 0 takes any free one.
        setting: The setting that the port comes from, for errors (``monitoring.metrics_port``).
        closing: Set when the server is about to stop, so that streams end by themselves.
    """

    name: str
    app: ASGIApp
    host: str
    port: int
    setting: str
    closing: asyncio.Event | None = None


class Served(msgspec.Struct, frozen=True):
    """
    An endpoint that is being served.

    Attributes:
        name: The endpoint's name.
        host: Address that it listens on.
        port: Port that it listens on.
    """

    name: str
    host: str
    port: int

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104 - read, not bound
        bracketed = f"[{host}]" if ":" in host and not host.startswith("[") else host
        return f"http://{bracketed}:{self.port}"


class _Server(uvicorn.Server):
    """Leaves signals to the program that it is a part of."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(endpoints: Sequence[Endpoint]) -> AsyncGenerator[Sequence[Served]]:
    """
    Serve `endpoints` while the context is open; all answer when it is entered.

    On leaving, open requests get three seconds to end.

    Raises:
        ConfigurationError: A port is taken, or may not be used; nothing is served then.
    """
    with contextlib.ExitStack() as sockets:
        taken = [sockets.enter_context(_listen(endpoint)) for endpoint in endpoints]
        servers = [_server(endpoint) for endpoint in endpoints]
        tasks = [
            asyncio.create_task(server.serve([listener]), name=f"http-{endpoint.name}")
            for server, listener, endpoint in zip(servers, taken, endpoints, strict=True)
        ]
        try:
            await _until_started(servers, tasks)
            yield [_served(e, s) for e, s in zip(endpoints, taken, strict=True)]
        finally:
            for endpoint, server in zip(endpoints, servers, strict=True):
                if endpoint.closing is not None:
                    endpoint.closing.set()
                server.should_exit = True
            await asyncio.gather(*tasks)


async def serve(
    endpoints: Sequence[Endpoint],
    stop: asyncio.Event,
    *,
    started: asyncio.Future[Sequence[Served]] | None = None,
) -> None:
    """
    Serve `endpoints` until `stop` is set.

    Args:
        endpoints: What is served.
        stop: Ends it.
        started: Resolved with the addresses as soon as all of them answer.

    Raises:
        ConfigurationError: A port is taken, or may not be used; nothing is served then.
    """
    async with serving(endpoints) as served:
        if started is not None:
            started.set_result(served)
        await stop.wait()


async def _until_started(
    servers: Sequence[uvicorn.Server], tasks: Sequence[asyncio.Task[None]]
) -> None:
    while not all(server.started for server in servers):
        for task in tasks:
            if task.done():
                await task
        await asyncio.sleep(0.005)


def _server(endpoint: Endpoint) -> _Server:
    config = uvicorn.Config(
        endpoint.app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,  # else whoever is on this machine says where they come from
        timeout_graceful_shutdown=_LINGER,
        timeout_keep_alive=5,
        ws="none",
    )
    return _Server(config)


def _served(endpoint: Endpoint, listener: socket.socket) -> Served:
    host, port = listener.getsockname()[:2]
    return Served(endpoint.name, str(host), int(port))


def _listen(endpoint: Endpoint) -> socket.socket:
    try:
        found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise ConfigurationError(
            endpoint.setting,
            f"the host `{endpoint.host}` is not known ({error.strerror}). Name an address of "
            f"this machine.",
        ) from error
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # elsewhere this would let two programs share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigurationError(endpoint.setting, _why(endpoint, error)) from error
    listener.settimeout(0)
    return listener


def _why(endpoint: Endpoint, error: OSError) -> str:
    where = f"{endpoint.host}:{endpoint.port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is taken by another program. Set another port, or 0 for any free one."
    if error.errno == errno.EACCES:
        return f"{where} may not be used by this user. Set a port from 1024 on."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{endpoint.host} is not an address of this machine. Set the host to one that is."
    return f"cannot listen on {where}: {error.strerror}."

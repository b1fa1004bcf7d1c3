"""Where the demo is served: on the documented ports, or beside them when those are taken."""

import socket

import msgspec

from adapters.embedded.ports import free_port

PAGE, HEALTH, METRICS = 8080, 8001, 8000


class Ports(msgspec.Struct, frozen=True, kw_only=True):
    """
    TCP ports on loopback.

    Attributes:
        page: Page and query API.
        health: `/health`, `/ready`, `/live`.
        metrics: `/metrics`.
        taken: The documented ones that another program has.
    """

    page: int
    health: int
    metrics: int
    taken: tuple[int, ...] = ()


def choose_ports(page: int = PAGE) -> Ports:
    """Take the documented ports, with `page` for the page; a free one for 0, or if one is taken."""
    wanted = {"page": page, "health": HEALTH, "metrics": METRICS}
    taken = tuple(port for port in wanted.values() if not _is_free(port))
    return Ports(
        **{name: free_port() if port in (0, *taken) else port for name, port in wanted.items()},
        taken=taken,
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the service does: a port in TIME_WAIT is free, one that is listened on is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

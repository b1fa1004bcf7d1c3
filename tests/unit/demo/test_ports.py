"""A taken port makes the demo take another, and say so."""

import socket
from collections.abc import Iterator

import pytest

from adapters.embedded.ports import free_port
from entrypoints.demo import ports
from entrypoints.demo.ports import choose_ports


@pytest.fixture(autouse=True)
def documented_ports_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for the documented ports: on this machine something may have them."""
    monkeypatch.setattr(ports, "HEALTH", free_port())
    monkeypatch.setattr(ports, "METRICS", free_port())


@pytest.fixture
def taken_port() -> Iterator[int]:
    """Listen on a port."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_takes_the_documented_ports_where_they_are_free() -> None:
    page = free_port()

    chosen = choose_ports(page)

    assert (chosen.page, chosen.health, chosen.metrics) == (page, ports.HEALTH, ports.METRICS)
    assert chosen.taken == ()


def test_takes_a_free_port_where_another_program_has_the_documented_one(taken_port: int) -> None:
    chosen = choose_ports(taken_port)

    assert chosen.page not in {taken_port, 0}
    assert chosen.taken == (taken_port,)


def test_takes_a_free_port_where_any_will_do() -> None:
    chosen = choose_ports(0)

    assert chosen.page != 0
    assert chosen.taken == ()

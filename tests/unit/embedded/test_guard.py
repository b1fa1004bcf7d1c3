"""A guarded command ends with whoever asked for it, however that ends."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from adapters.embedded.errors import EmbeddedServerError
from adapters.embedded.guard import CANNOT_RUN
from adapters.embedded.guarded_process import GuardedProcess, Launch, RunAs
from tests.processes import descendants, is_alive, wait_until

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and prctl")

SLEEPS = ["/bin/sh", "-c", "echo ready; exec sleep 600"]
IGNORES_TERM = ["/bin/sh", "-c", "trap '' TERM; echo ready; sleep 600; sleep 600"]
LEAVES_A_DAEMON = ["/bin/sh", "-c", "setsid sleep 600 & echo $!; exec sleep 600"]

Asker = Callable[[list[str]], tuple[subprocess.Popen[str], int, int]]

ASKER = """
import signal, sys, time
from pathlib import Path
from adapters.embedded.guarded_process import GuardedProcess, Launch

# Whoever runs the tests in the background may have had these ignored, which is inherited.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
log, command = Path(sys.argv[1]), sys.argv[2:]
process = GuardedProcess(Launch(name="it", command=command, log=log, grace=1.0, talks=True))
print(process.pid, process.read_line().decode(), flush=True)
time.sleep(600)
"""


class Launched(Protocol):
    """Launches a command that is stopped after the test."""

    def __call__(
        self, command: list[str], *, talks: bool = False, run_as: RunAs = ...
    ) -> GuardedProcess:
        """Launch `command`."""
        ...


@pytest.fixture
def launched(tmp_path: Path) -> Iterator[Launched]:
    """Launch commands that are stopped after the test."""
    processes: list[GuardedProcess] = []

    def launch(
        command: list[str], *, talks: bool = False, run_as: RunAs = RunAs()
    ) -> GuardedProcess:
        log = tmp_path / "log"
        options = Launch(name="it", command=command, log=log, grace=1.0, talks=talks, run_as=run_as)
        processes.append(GuardedProcess(options))
        return processes[-1]

    yield launch
    for process in processes:
        process.stop()


@pytest.fixture
def asker(
    tmp_path: Path,
) -> Iterator[Asker]:
    """Start another process that asks for a guarded command; gives its guard's pid and a line."""
    started: list[subprocess.Popen[str]] = []

    def start(command: list[str]) -> tuple[subprocess.Popen[str], int, int]:
        process = subprocess.Popen(  # noqa: S603 - the test's own
            [sys.executable, "-c", ASKER, str(tmp_path / "log"), *command],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )
        started.append(process)
        assert process.stdout is not None
        guard, line = process.stdout.readline().split()
        return process, int(guard), int(line)

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_command_that_ends_well_is_over(launched: Launched) -> None:
    launched([sys.executable, "-c", "pass"]).run()


def test_a_command_that_fails_shows_the_end_of_its_log(launched: Launched) -> None:
    process = launched([sys.executable, "-c", "raise SystemExit('no room for me')"])

    with pytest.raises(EmbeddedServerError, match=r"it: ended with status 1\n.*\n  no room for me"):
        process.run()


def test_a_command_that_is_not_there_is_an_error_that_names_it(launched: Launched) -> None:
    process = launched(["/nowhere/to/be/found"])

    with pytest.raises(EmbeddedServerError, match="cannot run /nowhere/to/be/found") as error:
        process.run()

    assert f"status {CANNOT_RUN}" in str(error.value)


def test_a_command_that_talks_is_heard_line_by_line(launched: Launched) -> None:
    process = launched(["/bin/sh", "-c", "echo one; echo two; exec sleep 600"], talks=True)

    assert [process.read_line(), process.read_line()] == [b"one", b"two"]


def test_a_command_that_ends_without_a_word_is_an_error(launched: Launched) -> None:
    process = launched(["/bin/sh", "-c", "exit 3"], talks=True)

    with pytest.raises(EmbeddedServerError, match="status 3 instead of an answer"):
        process.read_line()


def test_a_command_that_dies_of_a_signal_reports_it_as_a_shell_does(launched: Launched) -> None:
    process = launched(["/bin/sh", "-c", "kill -KILL $$"])

    with pytest.raises(EmbeddedServerError, match=f"status {128 + signal.SIGKILL}"):
        process.run()


def test_waiting_for_a_command_that_ends_first_is_an_error(launched: Launched) -> None:
    process = launched(["/bin/sh", "-c", "exit 0"])

    with pytest.raises(EmbeddedServerError, match="ended with status 0 while starting"):
        process.wait_until(lambda: False, timeout=60.0)


def test_waiting_too_long_is_an_error_that_says_how_long(launched: Launched) -> None:
    process = launched(SLEEPS)

    with pytest.raises(EmbeddedServerError, match=r"was not ready within 0\.1 s"):
        process.wait_until(lambda: False, timeout=0.1)


def test_stopping_twice_is_stopping_once(launched: Launched) -> None:
    process = launched(SLEEPS, talks=True)
    process.read_line()

    process.stop()
    process.stop()

    assert process.status == 128 + signal.SIGTERM


def test_a_command_that_ignores_the_signal_is_killed_after_its_grace(launched: Launched) -> None:
    process = launched(IGNORES_TERM, talks=True)
    process.read_line()

    process.stop()

    assert process.status == 128 + signal.SIGKILL


def test_a_command_is_checked_while_it_lives_and_after(launched: Launched) -> None:
    process = launched(SLEEPS)
    process.check()

    process.stop()

    with pytest.raises(EmbeddedServerError, match="it ended with status"):
        process.check()


@on_linux
def test_a_daemon_that_the_command_left_is_ended_with_it(launched: Launched) -> None:
    process = launched(LEAVES_A_DAEMON, talks=True)
    daemon = int(process.read_line())
    assert is_alive(daemon)

    process.stop()

    assert not is_alive(daemon)


@on_linux
def test_a_command_lives_on_when_the_thread_that_asked_for_it_ends(launched: Launched) -> None:
    made: list[GuardedProcess] = []
    thread = threading.Thread(target=lambda: made.append(launched(LEAVES_A_DAEMON, talks=True)))

    thread.start()
    thread.join()
    daemon = int(made[0].read_line())

    time.sleep(0.2)  # a parent-death signal of the thread would have done its work by now
    made[0].check()
    assert is_alive(daemon)


@on_linux
@pytest.mark.parametrize(
    "number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGSEGV]
)
def test_nothing_is_left_when_the_asker_dies_of(
    number: signal.Signals,
    asker: Asker,
) -> None:
    process, guard, daemon = asker(LEAVES_A_DAEMON)
    tree = [guard, daemon, *descendants(guard)]
    assert all(is_alive(pid) for pid in tree)

    process.send_signal(number)
    process.wait()

    wait_until(lambda: not any(is_alive(pid) for pid in tree), what=f"the end of {tree}")


@on_linux
def test_the_command_ends_when_its_guard_is_killed(
    asker: Asker,
) -> None:
    _, guard, command = asker(["/bin/sh", "-c", "echo $$; exec sleep 600"])

    os.kill(guard, signal.SIGKILL)

    wait_until(lambda: not is_alive(command), what=f"the end of {command}")


@on_linux
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_becomes_another_user(launched: Launched) -> None:
    process = launched(["/usr/bin/id", "-un"], talks=True, run_as=RunAs(user="nobody"))

    assert process.read_line() == b"nobody"


@on_linux
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_is_an_ordinary_user_in_a_namespace_who_can_read_roots_files(
    launched: Launched, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    command = ["/bin/sh", "-c", 'id -u; test -r "$1" && echo reads', "sh", str(secret)]

    process = launched(command, talks=True, run_as=RunAs(namespace=True))

    assert process.read_line() != b"0"
    assert process.read_line() == b"reads"

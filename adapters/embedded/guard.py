"""
Runs one command, and sees to it that nothing of it outlives the process that asked for it.

    asker ── pipe (stdin) ──▶ guard ── pipe (stdin), parent-death signal ──▶ command ──▶ ...

The pipe is the life line: when the asker ends, however it ends, its end of the pipe closes, and
the guard stops the command: the stop signal, a while of grace, then SIGKILL for every descendant
that is left. On Linux the guard adopts orphaned descendants, so that daemons do not escape, and
parent-death signals stop the guard when the pipe's other end has leaked into some other process,
and the command when the guard itself is killed.

This file is run by path with `python -I -S`: it may import nothing but the standard library, and
it has one thread, which makes `preexec_fn` safe here.

Exit status: the command's; 128 + n when signal n ended it; 125 when it could not be run.
"""

import argparse
import contextlib
import ctypes
import os
import pwd
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
CLONE_NEWUSER = 0x10000000
UNPRIVILEGED_ID = 1000  # any number but 0: how root looks from inside the namespace
CANNOT_RUN = 125
ASKER_MAY_BE_GONE = signal.SIGUSR1  # comes when the asking thread ends, too, and the asker lives on
ON_LINUX = sys.platform == "linux"


def main(arguments: list[str]) -> int:
    """Run the command; see the module's docstring."""
    options = _parse(arguments)
    wakeup = _wake_on(signal.SIGTERM, signal.SIGCHLD, ASKER_MAY_BE_GONE)
    if ON_LINUX:
        _prctl(PR_SET_PDEATHSIG, ASKER_MAY_BE_GONE)
        _prctl(PR_SET_CHILD_SUBREAPER, 1)
    for ignored in (signal.SIGINT, signal.SIGHUP):  # a terminal's; the asker decides
        signal.signal(ignored, signal.SIG_IGN)
    try:
        command = _spawn(options)
    except (OSError, subprocess.SubprocessError) as error:
        sys.stderr.write(f"cannot run {options.command[0]}: {error}\n")
        return CANNOT_RUN
    stop_signal = signal.Signals[f"SIG{options.stop_signal}"]
    _wait_for_end_or_orders(command, wakeup)
    if command.poll() is None:
        command.send_signal(stop_signal)
        _wait(lambda: command.poll() is not None, options.grace)
    _end_descendants(command)
    status = command.wait()
    return status if status >= 0 else 128 - status


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="guard")
    parser.add_argument("--stop-signal", default="TERM", choices=["INT", "TERM", "QUIT"])
    parser.add_argument("--grace", type=float, default=10.0)
    parser.add_argument("--user")
    parser.add_argument("--namespace", action="store_true")
    parser.add_argument("command", nargs="+")
    return parser.parse_args(arguments)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _wake_on(*signals: signal.Signals) -> int:
    """A file descriptor that becomes readable when one of `signals` arrives."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in signals:
        signal.signal(number, lambda _number, _frame: None)
    return reading


def _spawn(options: argparse.Namespace) -> "subprocess.Popen[bytes]":
    user = pwd.getpwnam(options.user) if options.user else None
    stop_signal = signal.Signals[f"SIG{options.stop_signal}"]
    guard = os.getpid()

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        if options.namespace:
            _enter_namespace()
        if ON_LINUX:  # last: changes of identity clear it
            _prctl(PR_SET_PDEATHSIG, stop_signal)
            if os.getppid() != guard:
                os._exit(CANNOT_RUN)

    command: list[str] = options.command
    return subprocess.Popen(  # noqa: S603 - the asker's own command
        command,
        stdin=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=prepare,  # noqa: PLW1509 - one thread
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
    )


def _enter_namespace() -> None:
    """Become an ordinary user, who still owns root's files, in a user namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    for kind, outside in (("uid_map", 0), ("gid_map", 0)):
        line = f"{UNPRIVILEGED_ID} {outside} 1"
        Path("/proc/self", kind).write_text(line, encoding="ascii")


def _wait_for_end_or_orders(command: "subprocess.Popen[bytes]", wakeup: int) -> None:
    """Wait for the command's end, for SIGTERM, or for the end of the life line."""
    life_line = sys.stdin.fileno()
    asker = os.getppid()
    with selectors.DefaultSelector() as selector:
        selector.register(wakeup, selectors.EVENT_READ)
        selector.register(life_line, selectors.EVENT_READ)
        while command.poll() is None:
            for key, _ in selector.select():
                received = os.read(key.fd, 4096)
                if key.fd == life_line and not received:
                    return
                if key.fd == wakeup and signal.SIGTERM in received:
                    return
                if os.getppid() != asker:
                    return
            _reap_adopted(command.pid)


def _reap_adopted(command: int) -> None:
    """Collect descendants that ended after their parents did; never the command itself."""
    for pid, parent in _processes():
        if parent == os.getpid() and pid != command:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def _wait(done: Callable[[], bool], seconds: float) -> bool:
    """Look at `done` until it is so, for `seconds` at most."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _end_descendants(command: "subprocess.Popen[bytes]") -> None:
    """Kill whatever is left below us: the command after its grace, and what it left behind."""
    if not ON_LINUX:  # no list of descendants: the command's own session must do
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(command.pid, signal.SIGKILL)
        return

    def all_gone() -> bool:
        left = list(_descendants())
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        command.poll()
        _reap_adopted(command.pid)
        return not left

    _wait(all_gone, 10.0)


def _descendants() -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for pid, parent in _processes():
        children.setdefault(parent, []).append(pid)
    waiting = list(children.get(os.getpid(), ()))
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting.extend(children.get(pid, ()))


def _processes() -> Iterator[tuple[int, int]]:
    """Every process of the machine, with its parent; none where there is no /proc."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            status = (entry / "stat").read_text(encoding="ascii", errors="replace")
            yield int(entry.name), int(status.rpartition(")")[2].split()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

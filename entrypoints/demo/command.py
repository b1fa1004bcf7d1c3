"""
`cdc-audit demo`: starts the chain, shows it or checks it, and leaves nothing behind.

    start every part ──▶ workload ──▶ first change on the page ──▶ until Ctrl-C | --check's verdict
"""

import errno
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

import msgspec
from rich.console import Console

from adapters.embedded.errors import EmbeddedServerError
from entrypoints.demo.chain import Chain, ChainOptions
from entrypoints.demo.check import judge
from entrypoints.demo.check_report import print_report, report_as_json
from entrypoints.demo.first_change import wait_for_first_change
from entrypoints.demo.home import temporary_home
from entrypoints.demo.malformed import SentRecord, send_malformed
from entrypoints.demo.ports import PAGE, choose_ports
from entrypoints.demo.progress import Progress
from entrypoints.demo.welcome import print_welcome
from entrypoints.demo.workload import Workload

SLOWLY = 2.0  # seconds between two steps of the workload: slow enough to watch
QUICKLY = 0.05
CHECK_ROUNDS = 4
LOOK_INTERVAL = 0.5

OK, WRONG = 0, 1

_LOG_WIDTH = 160


class Stopped(BaseException):
    """A signal asks us to end. No Exception: nothing on the way may handle it."""


class DemoOptions(msgspec.Struct, frozen=True, kw_only=True):
    """
    What can be asked of the demo.

    Attributes:
        quiet_source: Leave the source alone: no workload.
        check: Run unattended, compare everything, and end with a verdict.
        as_json: Print the verdict as JSON on standard output, all else on standard error.
        engine: Where records are decoded: ``inprocess`` (up at once) or ``ray``.
        port: Port of the page; a free one if it is taken.
    """

    quiet_source: bool = False
    check: bool = False
    as_json: bool = False
    engine: str = "inprocess"
    port: int = PAGE


def demo(options: DemoOptions) -> int:
    """
    Run the demo.

    Returns:
        0 when stopped by a signal, or when the check found nothing wrong; 1 when it did.

    Raises:
        EmbeddedServerError: A part did not come up, or ended.
    """
    _stop_on_signals()
    console = _console(stderr=options.as_json)
    progress = Progress(console)
    try:
        with temporary_home() as home:
            return _run(home, options, progress, console)
    except Stopped:
        return OK
    except OSError as error:
        if error.errno in (errno.EPIPE, errno.EIO):  # whoever was reading is gone
            _forget_output()
            return OK
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise EmbeddedServerError(
                "demo",
                f"there is no space left on the device ({error.filename}). Free some, or set "
                f"TMPDIR to a folder with at least 500 MB.",
            ) from error
        raise


def _run(home: Path, options: DemoOptions, progress: Progress, console: Console) -> int:
    chain_options = ChainOptions(engine=options.engine, ports=choose_ports(options.port))
    chain = Chain(home, chain_options, progress)
    source = Source(chain, options)
    try:
        with progress.shown():
            chain.start()
            source.start()
            if not options.check:
                with progress.step("the first change on the page"):
                    wait_for_first_change(chain, quiet=options.quiet_source)
        if options.check:
            return _check(chain, source, options, progress, console)
        _say(console, f"\nFirst change visible after {progress.seconds:.1f} s.")
        print_welcome(chain, console)
        while True:
            chain.check()
            time.sleep(LOOK_INTERVAL)
    except Stopped:
        with suppress(OSError):  # the terminal may be gone
            _say(console, "\nStopping.")
        return OK
    finally:
        source.stop()
        chain.stop()


def _check(
    chain: Chain, source: "Source", options: DemoOptions, progress: Progress, console: Console
) -> int:
    with progress.shown(), progress.step("the workload, and its way into the trail"):
        source.finish()
        report = judge(chain, source.sent, began=time.monotonic() - progress.seconds)
    if options.as_json:
        sys.stdout.write(report_as_json(report) + "\n")
    else:
        print_report(report, console)
    return OK if report.ok else WRONG


class Source:
    """
    The workload, in a thread.

    Attributes:
        sent: The malformed record, once it was sent.
    """

    def __init__(self, chain: Chain, options: DemoOptions) -> None:
        self.sent: SentRecord | None = None
        self._chain = chain
        self._options = options
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._tell, name="workload", daemon=True)

    def start(self) -> None:
        """Begin, unless the source is to be left alone."""
        if not self._options.quiet_source:
            self._thread.start()

    def finish(self) -> None:
        """
        Wait for the end of a workload that has one.

        Raises:
            psycopg.Error: A step failed.
            RuntimeError: The broker did not take the malformed record.
        """
        while self._thread.is_alive():  # with a timeout, a signal gets through
            self._chain.check()
            self._thread.join(LOOK_INTERVAL)
        if self._error:
            raise self._error

    def stop(self) -> None:
        """Tell it to stop; it is a daemon, and may be in the middle of a step."""
        self._stop.set()

    def _tell(self) -> None:
        check = self._options.check
        workload = Workload(
            self._chain.shop_dsn, malform=self._malform, pause=QUICKLY if check else SLOWLY
        )
        try:
            workload.run(self._stop, rounds=CHECK_ROUNDS if check else None)
        except Exception as error:  # noqa: BLE001 - raised again in `finish`
            self._error = error

    def _malform(self) -> None:
        self.sent = send_malformed(self._chain.bootstrap)


def _stop_on_signals() -> None:
    """
    End in order at SIGINT, SIGTERM and SIGHUP.

    A second Ctrl-C ends at once: the guards see to the rest. A closed terminal sends its SIGHUP
    more than once, which must not cut the order short.
    """

    def end_at_once(number: int, _frame: FrameType | None) -> None:
        os._exit(128 + number)

    def stop(number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGINT, end_at_once)
        raise Stopped(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def _console(*, stderr: bool) -> Console:
    """A console as wide as its terminal; a log keeps long lines whole."""
    console = Console(stderr=stderr)
    return console if console.is_terminal else Console(stderr=stderr, width=_LOG_WIDTH)


def _forget_output() -> None:
    """Let the interpreter flush into nothing at its end, instead of failing."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(console: Console, line: str) -> None:
    console.print(line, highlight=False, markup=False)

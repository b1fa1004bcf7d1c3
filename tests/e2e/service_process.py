"""
A `cdc-audit run` as an operator has it: a process, its settings, its log, and what it serves.

    test ──settings in the environment──▶ guard ──▶ cdc-audit run ──▶ log, HTTP on free ports

The guard ends it when the tests end, however they end.
"""

import os
import re
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import msgspec

from adapters.embedded.guarded_process import GuardedProcess, Launch
from adapters.postgres.config import DatabaseConfig
from tests.processes import descendants, wait_until

COMMAND = (sys.executable, "-P", "-m", "entrypoints.cli")
ANSWER_TIMEOUT = 20.0
"""Seconds that one answer over HTTP may take; a check of an absent database takes five."""

# Quick to notice and quick to go on, and batches small enough that a kill falls between two.
QUICK = {
    "CDC_AUDIT_KAFKA_SESSION_TIMEOUT_MS": "3000",
    "CDC_AUDIT_KAFKA_HEARTBEAT_INTERVAL_MS": "500",
    "CDC_AUDIT_KAFKA_CONSUMER_TIMEOUT_MS": "500",
    "CDC_AUDIT_KAFKA_METADATA_MAX_AGE_MS": "1000",
    "CDC_AUDIT_SINK_DATABASE_CONNECT_TIMEOUT": "2",
    "CDC_AUDIT_SINK_DATABASE_POOL_SIZE": "2",
    "CDC_AUDIT_CONSUMER_MAX_BATCH_RECORDS": "200",
    "CDC_AUDIT_TRANSFORM_ENGINE": "inprocess",
    "CDC_AUDIT_HTTP_PORT": "0",
    "CDC_AUDIT_MONITORING_HEALTH_CHECK_PORT": "0",
    "CDC_AUDIT_MONITORING_METRICS_PORT": "0",
    "CDC_AUDIT_LOGGING_FORMAT": "line",
}


def service_settings(
    *, bootstrap: str, topic: str, group: str, database: DatabaseConfig
) -> dict[str, str]:
    """The environment of a service that reads `topic` into `database`."""
    return {
        **QUICK,
        "CDC_AUDIT_KAFKA_BOOTSTRAP_SERVERS": bootstrap,
        "CDC_AUDIT_KAFKA_TOPICS": topic,
        "CDC_AUDIT_KAFKA_GROUP_ID": group,
        **{
            f"CDC_AUDIT_SINK_DATABASE_{field.upper()}": str(getattr(database, field))
            for field in ("host", "port", "username", "password", "database")
        },
    }


class Answer(msgspec.Struct, frozen=True):
    """
    What a probe was told.

    Attributes:
        status: The HTTP status.
        report: The body, read.
    """

    status: int
    report: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.status} {self.report}"


class ServiceProcess:
    """
    A service that was started.

    Args:
        settings: Its environment; other settings that the tests' own environment has are emptied.
        log: File that takes what it prints.
    """

    def __init__(self, settings: Mapping[str, str], *, log: Path) -> None:
        self._log = log
        others = [name for name in os.environ if name.startswith("CDC_AUDIT_")]
        self._process = GuardedProcess(
            Launch(
                name="cdc-audit run",
                command=[*COMMAND, "run"],
                log=log,
                environment={**dict.fromkeys(others, ""), **settings},
                grace=30.0,
            )
        )

    @property
    def output(self) -> str:
        """All that it has printed until now."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def exit_status(self) -> int | None:
        """Its exit status, 128 + n after signal n; None while it runs."""
        return self._process.status

    @property
    def pid(self) -> int:
        """Process id of the service; its guard is the parent."""
        self.wait_until(lambda: bool(descendants(self._process.pid)), what="its process")
        return descendants(self._process.pid)[0]

    def wait_until(self, condition: Callable[[], bool], *, what: str) -> None:
        """Wait until `condition` holds; fail with its output when it does not, or it ends first."""
        seen: list[bool] = []

        def is_over() -> bool:
            # asked once: what has held may not hold a moment later
            seen.append(condition())
            return seen[-1] or self.exit_status is not None

        try:
            wait_until(is_over, what=what)
        except AssertionError as error:
            raise AssertionError(f"{error}:\n{self.output}") from None
        assert seen[-1], f"it ended with {self.exit_status} before {what}:\n{self.output}"

    def wait_for(self, text: str) -> None:
        """Wait until it has printed `text`."""
        self.wait_until(lambda: text in self.output, what=repr(text))

    def ask(self, path: str) -> Answer:
        """Ask the health server, as a probe does."""
        self.wait_for("serving what=health")
        found = re.search(r"serving what=health url=(\S+)", self.output)
        assert found, self.output
        answer = httpx.get(found[1] + path, timeout=ANSWER_TIMEOUT, trust_env=False)
        return Answer(answer.status_code, answer.json())

    def wait_until_answered(self, path: str, status: int, *, saying: str = "") -> Answer:
        """Wait until `path` is answered with `status` and a report that has `saying` in it."""
        answers: list[Answer] = []

        def answered() -> bool:
            answers.append(self.ask(path))
            return answers[-1].status == status and saying in str(answers[-1].report)

        try:
            self.wait_until(answered, what=f"{status} {saying!r} of {path}")
        except AssertionError as error:
            last = answers[-1] if answers else "no answer"
            raise AssertionError(f"{error}\nlast answer of {path}: {last}") from None
        return answers[-1]

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, and do not wait."""
        os.kill(self.pid, number)

    def terminate(self) -> int:
        """Stop it as a supervisor does, with SIGTERM, and give its exit status."""
        self.send(signal.SIGTERM)
        return self.wait_for_exit()

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        self.send(signal.SIGKILL)
        assert self.wait_for_exit() == 128 + signal.SIGKILL, self.output

    def wait_for_exit(self) -> int:
        """Wait for its end, and give its exit status."""
        self.wait_until(lambda: self.exit_status is not None, what="its end")
        status = self.exit_status
        assert status is not None
        return status

    def end(self) -> None:
        """Clean up after a test, whatever it left."""
        if self.exit_status is None and (below := descendants(self._process.pid)):
            os.kill(below[0], signal.SIGKILL)
        self._process.stop()

"""
The service as it is shipped, under measurement: `cdc-audit run`, a process, metrics on.

    start ──▶ claimed ──────────────▶ the last offset is stored
                 └── what is timed ──┘   by the database's own clock, and by one that looks at it

Only where it reads and writes is set; everything else is as it comes.
"""

import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psycopg

from adapters.postgres.config import DatabaseConfig
from tests.benchmarks.rig import Rig
from tests.e2e.service_process import ServiceProcess

LOOK_EVERY = 0.01
"""Seconds between two looks at the database: how exact an end is."""

PATIENCE = 900.0
"""Seconds for which an end is waited for."""

_TICKS = os.sysconf("SC_CLK_TCK")

_STORED = """
SELECT coalesce(sum(next_offset - first_offset), 0)::bigint,
    extract(epoch FROM max(first_seen))::double precision
FROM kafka_offset WHERE consumer_group IS NOT NULL
"""
_TRANSACTIONS = "SELECT count(DISTINCT xmin::text) FROM audit_logging"
_ON_DISK = """
SELECT sum(pg_total_relation_size(relid))::bigint FROM pg_partition_tree('audit_logging')
"""


class ServiceRun(msgspec.Struct, frozen=True, kw_only=True):
    """
    How a service worked a backlog off.

    Attributes:
        events: Records of the backlog.
        seconds: From the claim of the partitions to the last commit.
        cpu_seconds: Of the processors, user and system, of the service's process in that time.
        transactions: In how many the rows were stored.
        bytes_on_disk: The trail's, with its indexes.
    """

    events: int
    seconds: float
    cpu_seconds: float
    transactions: int
    bytes_on_disk: int

    @property
    def cpu_us_per_event(self) -> float:
        """Microseconds of a processor for each record."""
        return self.cpu_seconds / self.events * 1e6

    @property
    def events_per_second(self) -> float:
        """Records for each second."""
        return self.events / self.seconds


class TrailWatch:
    """
    Looks at how far a trail is.

    Args:
        database: Where it is.
    """

    def __init__(self, database: DatabaseConfig) -> None:
        self.connection = psycopg.connect(database.conninfo, autocommit=True)

    def stored(self) -> int:
        """How many offsets are behind the service."""
        return self._look()[0]

    def claimed_at(self) -> float | None:
        """When the partitions were claimed, in seconds since 1970; None before."""
        return self._look()[1]

    def number(self, statement: str) -> int:
        """Ask for a number."""
        row = self.connection.execute(statement.encode()).fetchone()
        return int(row[0]) if row and row[0] is not None else 0

    def close(self) -> None:
        """Go away."""
        self.connection.close()

    def _look(self) -> tuple[int, float | None]:
        row = self.connection.execute(_STORED.encode()).fetchone()
        return (int(row[0]), row[1]) if row else (0, None)


@contextmanager
def watching(database: DatabaseConfig) -> Generator[TrailWatch]:
    """Look at a trail."""
    watch = TrailWatch(database)
    try:
        yield watch
    finally:
        watch.close()


@contextmanager
def a_service(
    rig: Rig, topic: str, database: DatabaseConfig, **settings: str
) -> Generator[ServiceProcess]:
    """
    Run the service, and end it.

    Args:
        rig: Whose broker it reads.
        topic: What it reads.
        database: Where it writes.
        settings: Further settings, by ``SECTION_FIELD``.
    """
    log = rig.home / f"{database.database}-{topic}.log"
    service = ServiceProcess(_environment(rig, topic, database, settings), log=log)
    try:
        yield service
    finally:
        if service.exit_status is None:
            service.terminate()
        service.end()


def work_off(
    rig: Rig, topic: str, events: int, *, database: DatabaseConfig | None = None, **settings: str
) -> ServiceRun:
    """Let a service work off a topic that has so many records, into a new database if none is."""
    if database is None:
        with rig.database() as made:
            return work_off(rig, topic, events, database=made, **settings)
    with watching(database) as watch, a_service(rig, topic, database, **settings) as service:
        wait_for(service, lambda: watch.claimed_at() is not None)
        claimed_at, cpu = watch.claimed_at(), cpu_seconds(service.pid)
        wait_for(service, lambda: watch.stored() >= events)
        ended_at, cpu = time.time(), cpu_seconds(service.pid) - cpu
        return ServiceRun(
            events=events,
            seconds=ended_at - (claimed_at or ended_at),
            cpu_seconds=cpu,
            transactions=watch.number(_TRANSACTIONS),
            bytes_on_disk=watch.number(_ON_DISK),
        )


def wait_for(service: ServiceProcess, condition: Callable[[], bool]) -> None:
    """
    Wait until `condition` holds.

    Raises:
        RuntimeError: The service ended before, or it took too long: with what it printed.
    """
    give_up = time.monotonic() + PATIENCE
    while not condition():
        if service.exit_status is not None or time.monotonic() > give_up:
            raise RuntimeError(f"the service ended or is stuck:\n{service.output}")
        time.sleep(LOOK_EVERY)


def cpu_seconds(pid: int) -> float:
    """Seconds of processors that a process has taken, user and system, all its threads."""
    fields = Path("/proc", str(pid), "stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_mb(pid: int) -> float:
    """Resident memory of a process, in MB (10^6 bytes)."""
    status = Path("/proc", str(pid), "status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024 / 1e6


def _environment(
    rig: Rig, topic: str, database: DatabaseConfig, settings: dict[str, str]
) -> dict[str, str]:
    given = {
        "KAFKA_BOOTSTRAP_SERVERS": rig.kafka.bootstrap,
        "KAFKA_TOPICS": topic,
        "KAFKA_GROUP_ID": f"{database.database}-{topic}",
        "TRANSFORM_ENGINE": "inprocess",
        "HTTP_PORT": "0",
        "MONITORING_HEALTH_CHECK_PORT": "0",
        "MONITORING_METRICS_PORT": "0",
        "LOGGING_FORMAT": "line",
        **{
            f"SINK_DATABASE_{field.upper()}": str(getattr(database, field))
            for field in ("host", "port", "username", "password", "database")
        },
        **settings,
    }
    return {f"CDC_AUDIT_{name}": value for name, value in given.items()}

"""
The service as it is shipped, under measurement: `cdc-audit run`, a process, metrics on.

    start ──▶ claimed ──────────────▶ the last offset is committed
                 └── what is timed ──┘   by the database's own clock

Only where it reads and writes is set; everything else is as it comes. Nobody looks at the database
often meanwhile: a hundred looks a second took the service 4 % of its rate.
"""

import os
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psycopg

from adapters.postgres.config import DatabaseConfig
from tests.benchmarks.rig import Rig, make_partitions
from tests.e2e.service_process import ServiceProcess

LOOK_EVERY = 0.01
"""Seconds between two looks, where they are what an end is known by."""

LOOK_SELDOM = 0.25
"""Seconds between two looks, where the database knows when the end was."""

PATIENCE = 900.0
"""Seconds for which an end is waited for."""

_TICKS = os.sysconf("SC_CLK_TCK")

_STORED = """
SELECT coalesce(sum(next_offset - first_offset), 0)::bigint,
    extract(epoch FROM max(first_seen))::double precision
FROM kafka_offset WHERE consumer_group IS NOT NULL
"""
_LAST_COMMIT = """
SELECT extract(epoch FROM max(pg_xact_commit_timestamp(xmin)))::double precision FROM kafka_offset
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

    def last_commit_at(self) -> float:
        """When an offset was last moved, in seconds since 1970."""
        return self._ask(_LAST_COMMIT) or 0.0

    def number(self, statement: str) -> int:
        """Ask for a number."""
        return int(self._ask(statement) or 0)

    def close(self) -> None:
        """Go away."""
        self.connection.close()

    def _ask(self, statement: str) -> float | None:
        row = self.connection.execute(statement.encode()).fetchone()
        return row[0] if row else None

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
    rig: Rig,
    topic: str,
    events: int,
    *,
    database: DatabaseConfig | None = None,
    days: Sequence[int] = (),
    **settings: str,
) -> ServiceRun:
    """
    Let a service work off a topic.

    Args:
        rig: What it runs on.
        topic: The topic.
        events: How many records it has.
        database: Where to; a new one if None.
        days: Days since 1970 of the events: their partitions are there before it starts.
        settings: Further settings, by ``SECTION_FIELD``.
    """
    if database is None:
        with rig.database() as made:
            return work_off(rig, topic, events, database=made, days=days, **settings)
    make_partitions(database, days)
    with watching(database) as watch, a_service(rig, topic, database, **settings) as service:
        wait_for(service, lambda: watch.claimed_at() is not None)
        claimed_at, cpu = watch.claimed_at(), cpu_seconds(service.pid)
        wait_for(service, lambda: watch.stored() >= events, every=LOOK_SELDOM)
        return ServiceRun(
            events=events,
            seconds=watch.last_commit_at() - (claimed_at or 0.0),
            cpu_seconds=cpu_seconds(service.pid) - cpu,
            transactions=watch.number(_TRANSACTIONS),
            bytes_on_disk=watch.number(_ON_DISK),
        )


def wait_for(
    service: ServiceProcess, condition: Callable[[], bool], *, every: float = LOOK_EVERY
) -> None:
    """
    Wait until `condition` holds, which is looked at `every` so many seconds.

    Raises:
        RuntimeError: The service ended before, or it took too long: with what it printed.
    """
    give_up = time.monotonic() + PATIENCE
    while not condition():
        if service.exit_status is not None or time.monotonic() > give_up:
            raise RuntimeError(f"the service ended or is stuck:\n{service.output}")
        time.sleep(every)


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

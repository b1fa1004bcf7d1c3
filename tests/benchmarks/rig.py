"""
What the benchmarks run on: a broker and a database of their own, started when first asked for.

    Rig ──▶ KafkaServer, KafkaCluster       one broker, its topics last as long as the rig
        ──▶ EmbeddedPostgres ──▶ template ──▶ a new database for each run: no run pays for another

Both keep their data as they do in earnest (fsync is on), and both can be frozen.
"""

import functools
import itertools
import os
import signal
import tempfile
from collections.abc import Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql
from rich.console import Console

from adapters.embedded.postgres import EmbeddedPostgres
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.migrations import migrate
from tests.benchmarks.scale import Scale
from tests.processes import descendants
from tests.servers.kafka_cluster import KafkaCluster
from tests.servers.kafka_server import KafkaServer

# Room to work, and no checkpoint in the middle of a round; the times of commits, to take times by.
# Whatever else is PostgreSQL's default.
SERVER_SETTINGS = {
    "shared_buffers": "256MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
    "track_commit_timestamp": "on",
}
_TEMPLATE = "bench_template"


class Rig:
    """
    The servers of one run of the benchmarks; ends them as a context manager.

    Args:
        scale: How much is measured.
        console: Where is told what goes on; nothing is told if it is no terminal.
    """

    def __init__(self, scale: Scale, *, console: Console | None = None) -> None:
        self.scale = scale
        self._console = console or Console(stderr=True)
        self._stack = ExitStack()
        self._numbers = itertools.count(1)
        self._status = self._console.status("starting")

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._stack.enter_context(self._status)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def say(self, text: str) -> None:
        """Tell whoever waits at a terminal what goes on."""
        self._status.update(text)

    def counted(self, rounds: Iterable[int], what: str) -> Generator[int]:
        """Give `rounds`, telling each."""
        for number in rounds:
            self.say(f"{what}: {number}")
            yield number

    @functools.cached_property
    def home(self) -> Path:
        """A folder for data and logs, gone at the end."""
        folder = tempfile.TemporaryDirectory(prefix="cdc-audit-bench-", ignore_cleanup_errors=True)
        return Path(self._stack.enter_context(folder))

    @functools.cached_property
    def kafka(self) -> KafkaServer:
        """The broker."""
        self.say("Kafka starts")
        return self._stack.enter_context(KafkaServer(self.home / "kafka"))

    @functools.cached_property
    def cluster(self) -> KafkaCluster:
        """The broker, for making topics."""
        return KafkaCluster(self.kafka.bootstrap)

    @functools.cached_property
    def postgres(self) -> EmbeddedPostgres:
        """The database server, with the tables of a trail in its template."""
        self.say("PostgreSQL starts")
        server = EmbeddedPostgres(self.home / "postgres", settings=SERVER_SETTINGS)
        self._stack.enter_context(server)
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_TEMPLATE)))
        migrate(self._config(server, _TEMPLATE))
        return server

    @contextmanager
    def database(self) -> Generator[DatabaseConfig]:
        """Make a database with an empty trail, and drop it afterwards."""
        server = self.postgres
        name = sql.Identifier(f"bench_{next(self._numbers)}")
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            make = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
            connection.execute(make.format(name, sql.Identifier(_TEMPLATE)))
            try:
                yield self._config(server, name.as_string().strip('"'))
            finally:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    @contextmanager
    def broker_frozen(self) -> Generator[None]:
        """Let the broker take no processor's time meanwhile."""
        self.kafka.suspend()
        try:
            yield
        finally:
            self.kafka.resume()
            self.cluster.create_topic(self.cluster.scratch("awake"))  # it serves again

    @contextmanager
    def database_frozen(self) -> Generator[None]:
        """Freeze the server's processes meanwhile: connections stay, nothing is answered."""
        postmaster = self.postgres.pid
        every = [postmaster, *descendants(postmaster)]
        for pid in every:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in every:
                os.kill(pid, signal.SIGCONT)

    def _config(self, server: EmbeddedPostgres, database: str) -> DatabaseConfig:
        return DatabaseConfig(
            host="127.0.0.1",
            port=server.port,
            username="postgres",
            password=server.password,
            database=database,
        )


def make_partitions(database: DatabaseConfig, days: Sequence[int]) -> None:
    """Make the trail's partitions for `days` since 1970, and those that a service makes ahead."""
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        connection.execute(
            "SELECT audit_ensure_partitions(audit_days_ahead() || %s::integer [])", [list(days)]
        )

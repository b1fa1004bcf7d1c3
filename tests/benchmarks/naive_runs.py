"""The straightforward service beside ours: it reads the same topic into the same tables."""

import subprocess
import sys
from collections.abc import Sequence

import msgspec
import psycopg

from adapters.postgres.config import DatabaseConfig
from tests.benchmarks.naive.__main__ import NaiveOrder
from tests.benchmarks.rig import Rig, make_partitions

_PROGRAM = (sys.executable, "-P", "-m", "tests.benchmarks.naive")
_LONGEST = 600.0


def naive_events_per_second(rig: Rig, topic: str, days: Sequence[int]) -> float:
    """
    Let the straightforward service store the first messages of a topic; give its rate.

    Args:
        rig: Whose broker and database it uses.
        topic: What it reads.
        days: Days since 1970 of the events: their partitions are there before it starts.
    """
    count = rig.scale.naive
    with rig.database() as database:
        make_partitions(database, days)
        order = NaiveOrder(
            bootstrap=rig.kafka.bootstrap,
            topic=topic,
            group=f"naive-{database.database}",
            database=database.connection_string,
            count=count,
        )
        ran = subprocess.run(  # noqa: S603 - our own program
            _PROGRAM,
            input=msgspec.json.encode(order),
            stdout=subprocess.PIPE,
            timeout=_LONGEST,
            check=True,
        )
        _require_rows(database, count)
        return count / float(ran.stdout)


def _require_rows(database: DatabaseConfig, count: int) -> None:
    with psycopg.connect(database.conninfo) as connection:
        row = connection.execute("SELECT count(*) FROM audit_logging").fetchone()
    if row is None or row[0] < count:
        raise RuntimeError(f"the straightforward service has stored {row} rows, not {count}")

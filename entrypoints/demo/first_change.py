"""Sees the first change with the eyes of a person: on the page."""

import time

import psycopg

from adapters.embedded.errors import EmbeddedServerError
from entrypoints.demo.chain import Chain

TIMEOUT = 60.0
LOOK_INTERVAL = 0.05


def wait_for_first_change(chain: Chain, *, quiet: bool) -> None:
    """
    Wait until the first change is visible; with a quiet source, until the first row is.

    Raises:
        EmbeddedServerError: It did not come, or a part ended.
    """
    deadline = time.monotonic() + TIMEOUT
    while not _visible(chain, quiet=quiet):
        chain.check()
        if time.monotonic() > deadline:
            raise EmbeddedServerError("demo", f"no change arrived within {TIMEOUT:g} s")
        time.sleep(LOOK_INTERVAL)


def _visible(chain: Chain, *, quiet: bool) -> bool:
    with psycopg.connect(chain.trail_dsn) as connection:
        row = connection.execute(
            "SELECT true FROM audit_trail WHERE %s OR operation <> 'SNAPSHOT' LIMIT 1", (quiet,)
        ).fetchone()
    return row is not None

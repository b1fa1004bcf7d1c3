"""`cdc-audit quarantine --all-of TOPIC`: an order is given and ended, and doubts are said."""

import json

import pytest

from adapters.postgres.config import DatabaseConfig
from tests.postgres.quarantine_runs import (
    MALFORMED,
    TOPIC,
    Run,
    a_bad_record,
    quarantine,
    run,
)
from tests.postgres.trails import rows

pytestmark = pytest.mark.postgres

__all__ = ["run"]


def test_an_order_is_given_and_ended(run: Run, trail_database: DatabaseConfig) -> None:
    given = run("--all-of", TOPIC, "--until", "2h", "--reason", "a bad deploy")
    current = rows(
        trail_database,
        "SELECT topic, reason, ends_at > now() + interval '1 hour' FROM topic_order",
    )
    ended = run("--all-of", TOPIC, "--clear")
    again = run("--all-of", TOPIC, "--clear")

    assert given[0] == 0
    assert f"{TOPIC}: whatever fails is quarantined until" in given[1]
    assert current == [(TOPIC, "a bad deploy", True)]
    assert ended[:2] == (
        0,
        f"{TOPIC}: the order has ended. The topic is held again if most fails.\n",
    )
    assert again[0] == 1


def test_an_order_about_a_topic_that_nobody_knows_is_given_with_a_warning(
    run: Run, trail_database: DatabaseConfig
) -> None:
    quarantine(trail_database, a_bad_record(0, MALFORMED.value))

    known, other = run("--all-of", TOPIC), run("--all-of", "nosuch")
    as_json = json.loads(run("--all-of", "nosuch", "--json")[1])

    assert (known[0], known[2]) == (0, "")
    assert (other[0], other[1].startswith("nosuch: whatever fails is quarantined")) == (0, True)
    assert other[2].startswith("cdc-audit: the trail has no topic 'nosuch' until now")
    assert "`cdc-audit quarantine --all-of nosuch --clear`" in other[2]
    assert (as_json["topic"], as_json["topic_is_known"]) == ("nosuch", False)

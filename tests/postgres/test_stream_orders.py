"""What an operator orders about streams: refused while a service runs, and recorded."""

import msgspec
import pytest

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.stream_orders import begin_incarnation, list_streams, take_over
from domain.errors import RepositoryError
from entrypoints.cli import main
from tests.builders import a_log
from tests.postgres.trails import GROUP, a_store, a_trail, rows

pytestmark = pytest.mark.postgres

TOPIC = "shop.public.orders"


async def test_streams_are_listed_with_their_owner(trail_database: DatabaseConfig) -> None:
    stream_id = await a_trail(trail_database)

    (found,) = list_streams(trail_database)

    assert (found.stream_id, found.topic, found.partition) == (stream_id, TOPIC, 0)
    assert (found.first_offset, found.next_offset) == (0, 3)
    assert found.consumer_group == GROUP
    assert found.is_running is False


async def test_a_new_incarnation_ends_the_old_one_in_a_gap(
    trail_database: DatabaseConfig,
) -> None:
    old = await a_trail(trail_database)

    new = begin_incarnation(trail_database, TOPIC, cluster_id=None)

    gaps = rows(trail_database, "SELECT stream_id, first_offset, cause FROM audit_gap")
    assert gaps == [(old, 3, "restored_broker")]
    async with a_store(trail_database) as store:
        (claim,) = await store.claim([a_log(log_end=2)])
    assert (claim.partition.stream_id, claim.next_offset) == (new, 0)


async def test_a_topic_that_the_trail_does_not_know_is_refused(
    trail_database: DatabaseConfig,
) -> None:
    with pytest.raises(RepositoryError, match="the trail has no topic 'other'"):
        begin_incarnation(trail_database, "other", cluster_id=None)


async def test_a_topic_of_two_clusters_needs_the_cluster(trail_database: DatabaseConfig) -> None:
    await a_trail(trail_database)
    async with a_store(trail_database) as store:
        await store.claim([a_log(cluster_id="second", topic_id="life-9")])

    with pytest.raises(RepositoryError, match="of the clusters cluster, second"):
        begin_incarnation(trail_database, TOPIC, cluster_id=None)
    new = begin_incarnation(trail_database, TOPIC, cluster_id="second")

    assert [s.stream_id for s in list_streams(trail_database)] != [new]


async def test_the_partitions_of_a_group_are_taken_over(trail_database: DatabaseConfig) -> None:
    await a_trail(trail_database)

    taken = take_over(trail_database, GROUP, "another")

    assert taken == 1
    assert [s.consumer_group for s in list_streams(trail_database)] == ["another"]


async def test_a_group_that_writes_nothing_is_named(trail_database: DatabaseConfig) -> None:
    with pytest.raises(RepositoryError, match="'nobody' writes nothing of this trail"):
        take_over(trail_database, "nobody", "another")


async def test_nothing_is_ordered_over_the_head_of_a_running_service(
    trail_database: DatabaseConfig,
) -> None:
    await a_trail(trail_database)
    async with a_store(trail_database) as store:
        await store.claim([a_log(log_end=3)])

        with pytest.raises(RepositoryError, match="Stop it first"):
            take_over(trail_database, GROUP, "another")
        with pytest.raises(RepositoryError, match="Stop it first"):
            begin_incarnation(trail_database, TOPIC, cluster_id=None)

    assert [s.consumer_group for s in list_streams(trail_database)] == [GROUP]


async def test_the_command_line_orders_and_lists(
    trail_database: DatabaseConfig,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await a_trail(trail_database)
    for field in ("host", "port", "username", "password", "database"):
        value = str(getattr(trail_database, field))
        monkeypatch.setenv(f"CDC_AUDIT_SINK_DATABASE_{field.upper()}", value)

    statuses = [
        main(["stream", "take-over", GROUP, "another"]),
        main(["stream", "new-incarnation", TOPIC]),
        main(["stream", "list"]),
        main(["stream", "list", "--json"]),
        main(["stream", "take-over", "nobody", "another"]),
    ]

    said = capsys.readouterr()
    assert statuses == [0, 0, 0, 0, 1]
    assert f"1 partitions of {GROUP!r} belong to 'another' now." in said.out
    assert TOPIC in said.out
    listed = msgspec.json.decode(said.out.splitlines()[-1])
    assert [s["consumer_group"] for s in listed["streams"]] == ["another"]
    assert said.err == (
        "cdc-audit: consumer group 'nobody' writes nothing of this trail. "
        "`cdc-audit stream list` shows which groups do.\n"
    )

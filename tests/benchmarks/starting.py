"""
How soon it works: from the start of the process to the first commit, and to Ray in use.

A record waits in the topic. The first commit is when a query can see it; Ray is in use from the
moment that the service says so.
"""

import time

from tests.benchmarks import kafka_to_postgres
from tests.benchmarks.measuring import Figures, figure
from tests.benchmarks.rig import Rig
from tests.benchmarks.service_runs import a_service, wait_for, watching
from tests.benchmarks.topics import FilledTopic

_RAY_IS_UP = "ray is up"


def measure(rig: Rig) -> Figures:
    """Measure starts in-process, and a few with Ray."""
    topic = FilledTopic(rig, "waiting", partitions=1).fill(kafka_to_postgres.plain_records(1))
    # The first start reads the program from disk, and the database's catalogs.
    rounds = range(rig.scale.rounds + (1 if rig.scale.rounds > 1 else 0))
    commits = [_first_commit(rig, topic) for _ in rig.counted(rounds, "start")]
    figures = {"start_to_first_commit_s": figure(commits[-rig.scale.rounds :], "s")}
    ray = [_ray(rig, topic) for _ in rig.counted(range(rig.scale.starts), "start of Ray")]
    if ray:
        figures["start_to_ray_s"] = figure([up for up, _ in ray], "s")
        figures["start_to_first_commit_with_ray_s"] = figure([commit for _, commit in ray], "s")
    return figures


def _first_commit(rig: Rig, topic: FilledTopic) -> float:
    with rig.database() as database, watching(database) as watch:
        began = time.perf_counter()
        with a_service(rig, topic.name, database) as service:
            wait_for(service, lambda: watch.stored() > 0)
            return time.perf_counter() - began


def _ray(rig: Rig, topic: FilledTopic) -> tuple[float, float]:
    with rig.database() as database, watching(database) as watch:
        began = time.perf_counter()
        with a_service(rig, topic.name, database, TRANSFORM_ENGINE="ray") as service:
            wait_for(service, lambda: watch.stored() > 0)
            committed = time.perf_counter() - began
            wait_for(service, lambda: _RAY_IS_UP in service.output)
            return time.perf_counter() - began, committed

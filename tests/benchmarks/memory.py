"""
Resident memory of the service's process: while it works a backlog off, and with no database.

    backlog:  start ─▶ claimed ─────── looked at all the time ─────────▶ all is stored
    pause:    start ─▶ a tenth is stored ─▶ the whole server is frozen ─▶ it goes on

Flat means: after the first third, it grows no more.
"""

import time
from collections.abc import Callable

from tests.benchmarks import kafka_to_postgres
from tests.benchmarks.measuring import Figures, figure
from tests.benchmarks.rig import Rig
from tests.benchmarks.service_runs import a_service, resident_mb, wait_for, watching
from tests.benchmarks.topics import FilledTopic
from tests.e2e.service_process import ServiceProcess

PARTITIONS = 4
LOOK_EVERY = 0.1
_KEPT = 60


def measure(rig: Rig) -> Figures:
    """Measure the most memory of both, and how flat it is while a backlog is worked off."""
    count = rig.scale.backlog
    rig.say(f"memory: a backlog of {count:,} events is written")
    topic = FilledTopic(rig, "backlog", partitions=PARTITIONS)
    topic.fill(kafka_to_postgres.plain_records(count))
    backlog = _backlog(rig, topic)
    paused = _paused(rig, topic)
    warm = backlog[len(backlog) // 3 :] or backlog
    return {
        "rss_mb": figure(_fewer(backlog), "MB", value=max(*backlog, *paused)),
        "rss_database_paused_mb": figure(_fewer(paused), "MB", value=max(paused)),
        "rss_growth_after_warm_up": figure([max(warm) / warm[0]], "ratio"),
        "rss_backlog_events": figure([float(count)], "events"),
    }


def _backlog(rig: Rig, topic: FilledTopic) -> list[float]:
    rig.say("memory: the backlog is worked off")
    with (
        rig.database() as database,
        watching(database) as watch,
        a_service(rig, topic.name, database) as service,
    ):
        wait_for(service, lambda: watch.claimed_at() is not None)
        return _looked_at(service, lambda: watch.stored() >= topic.events)


def _paused(rig: Rig, topic: FilledTopic) -> list[float]:
    seconds = rig.scale.database_pause
    rig.say(f"memory: the database is frozen for {seconds:g} s")
    with (
        rig.database() as database,
        watching(database) as watch,
        a_service(rig, topic.name, database) as service,
    ):
        wait_for(service, lambda: watch.stored() >= topic.events // 10)
        with rig.database_frozen():
            give_up = time.monotonic() + seconds
            frozen = _looked_at(service, lambda: time.monotonic() > give_up)
        after = _looked_at(service, lambda: watch.stored() >= topic.events)
    return [*frozen, *after]


def _looked_at(service: ServiceProcess, is_over: Callable[[], bool]) -> list[float]:
    found = [resident_mb(service.pid)]
    next_look = time.monotonic() + LOOK_EVERY

    def looked() -> bool:
        nonlocal next_look
        if time.monotonic() >= next_look:
            found.append(resident_mb(service.pid))
            next_look += LOOK_EVERY
        return is_over()

    wait_for(service, looked)
    return found


def _fewer(samples: list[float]) -> list[float]:
    """As many samples as a plot needs."""
    return samples[:: max(1, len(samples) // _KEPT)]

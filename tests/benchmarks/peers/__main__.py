"""
Run the peers beside ours: ``python -m tests.benchmarks.peers [--events N] [--rounds N]``.

Figures go to build/bench-peers.json. Run tests/benchmarks/peers/fetch first, once.
"""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from tests.benchmarks import kafka_to_postgres, typed_events
from tests.benchmarks.events import key
from tests.benchmarks.measuring import Figures, figure, write_figures
from tests.benchmarks.peers.jdbc_sink import JdbcSink, a_connect_worker
from tests.benchmarks.rig import Rig
from tests.benchmarks.scale import DEFAULT
from tests.benchmarks.service_runs import work_off
from tests.benchmarks.topics import FilledTopic

OUTPUT = Path("build") / "bench-peers.json"


def main() -> int:
    """Measure and print; the exit status is 0, a failed measurement raises."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.peers", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with Rig(DEFAULT) as rig:
        figures = measure(rig, events=arguments.events, rounds=arguments.rounds)
    write_figures(figures, OUTPUT)
    for name, found in figures.items():
        spread = ", ".join(f"{sample:,.4g}" for sample in found.samples)
        Console().print(f"{name}: {found.value:,.4g} {found.unit} ({spread})", highlight=False)
    return 0


def measure(rig: Rig, *, events: int, rounds: int) -> Figures:
    """Measure all three in turn; of the sink, whose runs grow faster, the best one counts."""
    typed = FilledTopic(rig, "typed", partitions=1)
    typed.fill((key(number), typed_events.with_schema(number)) for number in range(events))
    plain = FilledTopic(rig, "plain", partitions=1)
    plain.fill(kafka_to_postgres.plain_records(events))
    sink: list[float] = []
    ours: dict[str, list[float]] = {"with_schema": [], "plain": []}
    with rig.database() as database, a_connect_worker(rig) as rest:
        peer = JdbcSink(rest, typed.name, database)
        for number in rig.counted(range(rounds), "round"):
            sink.append(peer.rows_per_second(number, events))
            ours["with_schema"].append(work_off(rig, typed.name, events).events_per_second)
            ours["plain"].append(work_off(rig, plain.name, events).events_per_second)
    best = max(sink)
    figures: Figures = {"jdbc_sink_rows_per_s": figure(sink, "1/s", value=best)}
    for name, rates in ours.items():
        figures[f"kafka_to_pg_events_per_s_{name}_of_one_partition"] = figure(rates, "1/s")
        figures[f"kafka_to_pg_{name}_over_jdbc_sink"] = figure([r / best for r in rates], "ratio")
    return figures


if __name__ == "__main__":
    sys.exit(main())

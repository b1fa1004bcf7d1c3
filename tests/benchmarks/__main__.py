"""
Measure, print a table, and write build/bench.json: ``python -m tests.benchmarks [NAME ...]``.

The figures are of this machine at this moment; ratios of figures from one run are what can be
compared. ``--smoke`` only shows that everything runs: its figures mean nothing. ``BENCH_FULL=1``
measures with ten million rows and a backlog of three million events, and takes long.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Column, Table

from adapters.embedded.errors import EmbeddedServerError
from tests.benchmarks import (
    decoding,
    freshness,
    growth,
    kafka_to_postgres,
    lookups,
    memory,
    on_disk,
    pages,
    poison,
    ray_workers,
    starting,
)
from tests.benchmarks.measuring import Figures, read_figures, write_figures
from tests.benchmarks.rig import Rig
from tests.benchmarks.scale import DEFAULT, FULL, SMOKE, Scale

OUTPUT = Path("build") / "bench.json"

BENCHMARKS: Mapping[str, Callable[[Rig], Figures]] = {
    "decoding": decoding.measure,
    "kafka_to_postgres": kafka_to_postgres.measure,
    "poison": poison.measure,
    "freshness": freshness.measure,
    "memory": memory.measure,
    "starting": starting.measure,
    "ray": ray_workers.measure,
    "lookups": lookups.measure,
    "pages": pages.measure,
    "growth": growth.measure,
    "on_disk": on_disk.measure,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is 0, a failed measurement raises."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--smoke", action="store_true", help="only show that everything runs")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="default: %(default)s")
    arguments = parser.parse_args(argv)
    chosen = [name for name in BENCHMARKS if _is_chosen(name, arguments.names)]
    if not chosen:
        parser.error(f"no benchmark has {' or '.join(arguments.names)} in its name")
    figures = _measured(chosen, _scale(smoke=arguments.smoke))
    write_figures(_kept(arguments.output, arguments.names) | figures, arguments.output)
    if arguments.json:
        sys.stdout.buffer.write(msgspec.json.encode(figures, order="sorted") + b"\n")
    else:
        _print(figures)
    return 0


def _is_chosen(name: str, wanted: Sequence[str]) -> bool:
    return not wanted or any(part in name for part in wanted)


def _scale(*, smoke: bool) -> Scale:
    if smoke:
        return SMOKE
    return FULL if os.environ.get("BENCH_FULL") == "1" else DEFAULT


def _measured(names: Sequence[str], scale: Scale) -> Figures:
    figures: Figures = {}
    console = Console(stderr=True)
    with Rig(scale, console=console) as rig:
        for name in names:
            began = time.monotonic()
            try:
                figures |= BENCHMARKS[name](rig)
            except EmbeddedServerError as error:
                if os.environ.get("CI"):
                    raise
                console.print(f"{name}: left out: {error}")
                continue
            console.print(f"{name}: {time.monotonic() - began:.0f} s", highlight=False)
    return figures


def _kept(path: Path, names: Sequence[str]) -> Figures:
    """Figures of earlier runs, where only some are measured now."""
    return read_figures(path) if names and path.exists() else {}


def _print(figures: Figures) -> None:
    table = Table(Column("figure", no_wrap=True), "value", "unit", "least", "most", "samples")
    for name, found in sorted(figures.items()):
        samples = found.samples
        spread = (f"{min(samples):.4g}", f"{max(samples):.4g}", str(len(samples)))
        table.add_row(name, f"{found.value:.4g}", found.unit, *spread)
    Console(width=max(100, Console().width)).print(table)


if __name__ == "__main__":
    sys.exit(main())

"""
Measure, print a table, and write build/bench.json: ``python -m tests.benchmarks [--smoke]``.

The figures are of this machine at this moment; ratios of figures from one run are what can be
compared. ``--smoke`` only shows that the benchmarks run: its figures mean nothing.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Column, Table

from tests.benchmarks import decoding
from tests.benchmarks.measuring import Figures, write_figures

OUTPUT = Path("build") / "bench.json"


class Scale(msgspec.Struct, frozen=True):
    """
    How much is measured.

    Attributes:
        rounds: Rounds of each figure.
        decoded: Events that are decoded in each round.
    """

    rounds: int
    decoded: int


FULL = Scale(rounds=7, decoded=20_000)
SMOKE = Scale(rounds=1, decoded=200)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is 0, a failed measurement raises."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="only show that everything runs")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="default: %(default)s")
    arguments = parser.parse_args(argv)
    scale = SMOKE if arguments.smoke else FULL
    figures = decoding.measure(count=scale.decoded, rounds=scale.rounds)
    write_figures(figures, arguments.output)
    _print(figures)
    return 0


def _print(figures: Figures) -> None:
    table = Table(Column("figure", no_wrap=True), "median", "unit", "least", "most", "samples")
    for name, found in sorted(figures.items()):
        samples = found.samples
        spread = (f"{min(samples):.3g}", f"{max(samples):.3g}", str(len(samples)))
        table.add_row(name, f"{found.value:.3g}", found.unit, *spread)
    Console(width=max(100, Console().width)).print(table)


if __name__ == "__main__":
    sys.exit(main())

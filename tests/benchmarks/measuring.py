"""
Measure alternatives side by side: what else the machine does then falls on all of them.

Each round runs every candidate once, in an order that is turned round by one place from round to
round; a figure is the median of its samples, and ratios are medians of each round's own ratio.
"""

import gc
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

import msgspec


class Figure(msgspec.Struct, frozen=True):
    """
    One measured figure.

    Attributes:
        value: Median of the samples; of a percentile, what its name says.
        unit: Unit of value and samples; ``ratio`` for a quotient of two figures.
        samples: One for each round, in order; of a percentile, the deciles.
    """

    value: float
    unit: str
    samples: tuple[float, ...]


Figures = dict[str, Figure]


def figure(samples: Sequence[float], unit: str, *, value: float | None = None) -> Figure:
    """Make a figure of at least one sample: their median, where no other value is given."""
    chosen = median(samples) if value is None else value
    return Figure(value=chosen, unit=unit, samples=tuple(samples))


def percentile(samples: Sequence[float], percent: float, unit: str) -> Figure:
    """
    Make a figure of the smallest sample that so many percent of all are not above.

    Of thousands of samples, the percentiles 0, 10, ... 100 are kept: what a plot needs.
    """
    ordered = sorted(samples)
    kept = [_at(ordered, tenth * 10) for tenth in range(11)]
    return Figure(value=_at(ordered, percent), unit=unit, samples=tuple(kept))


def _at(ordered: Sequence[float], percent: float) -> float:
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def alternate(
    candidates: Mapping[str, Callable[[], float]], *, rounds: int
) -> dict[str, list[float]]:
    """
    Run each candidate once a round, for `rounds` rounds and one before them to warm up.

    A single round is for showing that it runs: nothing is warmed up for it.

    Args:
        candidates: Functions that do the work once and return what they measured.
        rounds: At least 1.

    Returns:
        The samples of each candidate, without the warming up.
    """
    names = list(candidates)
    samples: dict[str, list[float]] = {name: [] for name in names}
    warming_up = 1 if rounds > 1 else 0
    for turn in range(rounds + warming_up):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            gc.collect()
            measured = candidates[name]()
            if turn >= warming_up:
                samples[name].append(measured)
    return samples


def ratio(over: Sequence[float], under: Sequence[float]) -> Figure:
    """Divide two candidates round by round."""
    return figure([a / b for a, b in zip(over, under, strict=True)], "ratio")


def write_figures(figures: Figures, path: Path) -> None:
    """Write ``{"name": {"value", "unit", "samples"}}``, sorted by name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = msgspec.json.format(msgspec.json.encode(figures, order="sorted"), indent=2)
    path.write_bytes(text + b"\n")


def read_figures(path: Path) -> Figures:
    """Read what `write_figures` wrote."""
    return msgspec.json.decode(path.read_bytes(), type=Figures)

"""
Measure alternatives side by side: what else the machine does then falls on all of them.

Each round runs every candidate once, in an order that is turned round by one place from round to
round; a figure is the median of its samples, and ratios are medians of each round's own ratio.
"""

import gc
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

import msgspec


class Figure(msgspec.Struct, frozen=True):
    """
    One measured figure.

    Attributes:
        value: Median of the samples.
        unit: Unit of value and samples; ``ratio`` for a quotient of two figures.
        samples: One for each round, in order.
    """

    value: float
    unit: str
    samples: tuple[float, ...]


Figures = dict[str, Figure]


def figure(samples: Sequence[float], unit: str) -> Figure:
    """Make a figure of at least one sample."""
    return Figure(value=median(samples), unit=unit, samples=tuple(samples))


def alternate(
    candidates: Mapping[str, Callable[[], float]], *, rounds: int
) -> dict[str, list[float]]:
    """
    Run each candidate once a round, for `rounds` rounds and one before them to warm up.

    Args:
        candidates: Functions that do the work once and return what they measured.
        rounds: At least 1.

    Returns:
        The samples of each candidate, without the warming up.
    """
    names = list(candidates)
    samples: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds + 1):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            gc.collect()
            measured = candidates[name]()
            if turn:
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

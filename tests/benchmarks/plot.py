"""
The figures as a picture.

    rates         events a second into PostgreSQL: ours, a bare COPY, a straightforward service
    decoding      microseconds of a processor for each event, by shape, beside bare parsers
    freshness     how long after Kafka's append a query sees an event, by share of events
"""

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas

from tests.benchmarks.measuring import Figure, Figures

_RATES = {
    "straightforward service": "naive_events_per_s",
    "cdc-audit, 1 writer": "kafka_to_pg_events_per_s",
    "COPY alone, 1 writer": "raw_copy_rows_per_s",
    "cdc-audit, 2 writers": "kafka_to_pg_two_writers_events_per_s",
    "COPY alone, 2 writers": "raw_copy_two_writers_rows_per_s",
}
_SHAPES = ("plain", "flattened", "with_schema", "avro", "protobuf")
_DECODERS = {
    "json.loads": "json_loads",
    "orjson": "orjson",
    "fastavro": "fastavro",
    "into a record": "decode",
    "into a line": "transform",
}
_OURS, _OTHERS = "#3465a4", "#babdb6"


def draw(figures: Figures, path: Path) -> None:
    """Draw what is there of the figures."""
    # A fixed salt: the same figures give the same file.
    settings: Any = mpl.rcParams
    settings.update({"svg.hashsalt": "cdc-audit", "font.size": 8, "axes.titlesize": 9})
    canvas: Any = Canvas(figsize=(11, 3.2), layout="constrained")
    rates, decoding, freshness = canvas.subplots(1, 3)
    _draw_rates(rates, figures)
    _draw_decoding(decoding, figures)
    _draw_freshness(freshness, figures)
    canvas.savefig(path, metadata={"Date": None, "Creator": None})


def _draw_rates(axes: Any, figures: Figures) -> None:  # noqa: ANN401 - matplotlib's are untyped
    found = {name: figures[key] for name, key in _RATES.items() if key in figures}
    for name, figure in found.items():
        colour = _OURS if name.startswith("cdc-audit") else _OTHERS
        axes.barh(name, figure.value / 1_000, xerr=_spread(figure), color=colour)
    axes.set_title("Kafka to PostgreSQL")
    axes.set_xlabel("thousand events a second")


def _draw_decoding(axes: Any, figures: Figures) -> None:  # noqa: ANN401 - matplotlib's are untyped
    rows = [
        (f"{shape}: {name}", figures[f"{key}_us_per_event_{shape}"].value, name.startswith("dec"))
        for shape in _SHAPES
        for name, key in _DECODERS.items()
        if f"{key}_us_per_event_{shape}" in figures
    ]
    for name, value, is_ours in reversed(rows):
        axes.barh(name, value, color=_OURS if is_ours else _OTHERS)
    axes.tick_params(axis="y", labelsize=5)
    axes.set_title("Decoding, one core")
    axes.set_xlabel("µs for each event")


def _draw_freshness(axes: Any, figures: Figures) -> None:  # noqa: ANN401 - matplotlib's are untyped
    for key, name in {
        "idle_change_p50_ms": "single changes",
        "freshness_p50_ms": "1,000 events/s",
    }.items():
        if key in figures:
            axes.plot(figures[key].samples, range(0, 101, 10), marker=".", label=name)
    axes.set_xscale("log")
    ticks = [1, 2, 5, 10, 20, 50, 100, 200, 500]
    axes.set_xticks(ticks, labels=[str(tick) for tick in ticks])
    axes.xaxis.set_minor_formatter("")
    axes.set_title("Freshness")
    axes.set_xlabel("ms until a query sees it")
    axes.set_ylabel("% of events")
    axes.legend()


def _spread(figure: Figure) -> list[list[float]]:
    """How far the least and the most of the samples are from the median, in thousands."""
    least, most = min(figure.samples), max(figure.samples)
    return [[(figure.value - least) / 1_000], [(most - figure.value) / 1_000]]

"""
The scaling model on paper, from measured costs.

    d   the service's processor time for a plain event, everything included
    w   the part of it that decodes and encodes, which Ray's workers can take
    s   what shipping an event to Ray's workers and back costs the service
    r   rows a second of COPY alone, with one writer

A driver that does all by itself feeds 1 / d; with Ray, 1 / (d - w + s). Writers store r each, as
long as the database has a core for each.
"""

from collections.abc import Sequence

import msgspec

from tests.benchmarks.measuring import Figures

_MICROSECONDS = 1_000_000
_NEEDED = (
    "driver_cpu_us_per_event",
    "transform_us_per_event_plain",
    "transform_us_per_event_with_schema",
    "ray_shipping_us_per_event_plain",
    "ray_shipping_us_per_event_with_schema",
    "raw_copy_rows_per_s",
)


class Setup(msgspec.Struct, frozen=True):
    """
    One way to run it, on paper.

    Attributes:
        text: What runs.
        driver: Events a second that the service can feed.
        database: Rows a second that the database's writers can store.
        workers: Cores that Ray's workers need at the lesser of the two.
    """

    text: str
    driver: float
    database: float
    workers: float = 0.0

    @property
    def events_per_second(self) -> float:
        """What comes of it."""
        return min(self.driver, self.database)

    @property
    def limit(self) -> str:
        """What is the limit."""
        return "the service" if self.driver < self.database else "the database"


def setups(figures: Figures) -> Sequence[Setup]:
    """Compute what each setup gives; nothing while a cost is not measured yet."""
    if not all(name in figures for name in _NEEDED):
        return ()
    d, w, w_schema, s, s_schema, r = (figures[name].value for name in _NEEDED)
    alone, shipped = d, d - w + s
    rest = d - w  # what does not depend on the shape of an event
    four = 4 * r
    with_ray = min(_MICROSECONDS / shipped, four)
    typed = min(_MICROSECONDS / (rest + s_schema), four)
    return (
        Setup("plain events, one service, one writer", _MICROSECONDS / alone, r),
        Setup("the same, two writers", _MICROSECONDS / alone, 2 * r),
        Setup(
            "the same, four writers, with Ray",
            _MICROSECONDS / shipped,
            four,
            with_ray * w / _MICROSECONDS,
        ),
        Setup(
            "schema-carrying events, one service, two writers",
            _MICROSECONDS / (rest + w_schema),
            2 * r,
        ),
        Setup(
            "the same, four writers, with Ray",
            _MICROSECONDS / (rest + s_schema),
            four,
            typed * w_schema / _MICROSECONDS,
        ),
    )


def table(figures: Figures) -> str:
    """Write the setups as a table."""
    lines = ["| setup | events a second | limit | cores for Ray's workers |", "|---|---|---|---|"]
    for setup in setups(figures):
        workers = f"{setup.workers:.1f}" if setup.workers else ""
        rate = f"{setup.events_per_second:,.0f}"
        lines.append(f"| {setup.text} | {rate} | {setup.limit} | {workers} |")
    return "\n".join(lines)

"""
Put what `make bench` measured into the documents: ``python -m tests.benchmarks.publish``.

    build/bench.json ──▶ docs/performance.svg
                    └──▶ docs/performance.md, the tables between their markers
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from tests.benchmarks import model
from tests.benchmarks.measuring import Figure, Figures, read_figures
from tests.benchmarks.plot import draw

FIGURES = Path("build") / "bench.json"
DOCUMENT = Path("docs") / "performance.md"

# What stands between the two markers of each name, and nothing else, is replaced.
MARKED = ("figures", "model")

_DIGITS = 3


class Row(msgspec.Struct, frozen=True):
    """
    A row of the table.

    Attributes:
        text: What the figure is, for a person.
        reach: What is to be reached; empty where the figure is only stated.
    """

    text: str
    reach: str = ""


ROWS: Mapping[str, Row] = {
    "kafka_to_pg_over_raw_copy": Row("Kafka to PostgreSQL over COPY alone, one writer", ">= 0.9"),
    "kafka_to_pg_over_raw_copy_two_writers": Row("the same, two writers"),
    "kafka_to_pg_over_naive": Row("one writer over a straightforward service", ">= 10"),
    "kafka_to_pg_two_writers_over_naive": Row("two writers over it"),
    "kafka_to_pg_events_per_s": Row("Kafka to PostgreSQL, one writer"),
    "kafka_to_pg_two_writers_events_per_s": Row("Kafka to PostgreSQL, two writers"),
    "raw_copy_rows_per_s": Row("COPY alone, one writer"),
    "raw_copy_two_writers_rows_per_s": Row("COPY alone, two writers"),
    "naive_events_per_s": Row("straightforward service"),
    "driver_cpu_us_per_event": Row("processor's time of the service, everything", "<= 11"),
    "batch_records": Row("records of a transaction under load"),
    "decode_us_per_event_plain": Row("decoding, plain", "<= 4"),
    "decode_us_per_event_flattened": Row("decoding, flattened"),
    "decode_us_per_event_with_schema": Row("decoding, schema-carrying", "<= 12"),
    "decode_us_per_event_avro": Row("decoding, Avro"),
    "decode_us_per_event_protobuf": Row("decoding, Protobuf"),
    "transform_us_per_event_plain": Row("from bytes to a line of COPY, plain"),
    "transform_us_per_event_with_schema": Row("the same, schema-carrying"),
    "transform_us_per_event_avro": Row("the same, Avro"),
    "decode_over_json_loads_plain": Row("decoding over json.loads, plain"),
    "decode_over_orjson_plain": Row("decoding over orjson, plain"),
    "decode_over_json_loads_with_schema": Row("decoding over json.loads, schema-carrying"),
    "decode_over_fastavro_avro": Row("decoding over fastavro, Avro", "<= 1.5"),
    "freshness_p50_ms": Row("append to visible, 1,000 events/s, p50", "<= 15"),
    "freshness_p99_ms": Row("append to visible, 1,000 events/s, p99", "<= 100"),
    "idle_change_p50_ms": Row("a single change on an idle service, p50", "<= 10"),
    "rss_mb": Row("resident memory, the most", "<= 300"),
    "rss_backlog_events": Row("events of that backlog"),
    "rss_database_paused_mb": Row("resident memory while the database is frozen", "<= 300"),
    "rss_growth_after_warm_up": Row("growth of it after the first third", "flat"),
    "start_to_first_commit_s": Row("start to first commit, in-process", "<= 1.5"),
    "start_to_first_commit_with_ray_s": Row("start to first commit, Ray starting beside"),
    "start_to_ray_s": Row("start to Ray in use"),
    "lookups_rows": Row("rows in 60 monthly partitions"),
    "history_p99_ms": Row("history of one key in it, p99", "<= 5"),
    "latest_p99_ms": Row("latest 50 of one table in it, p99", "<= 10"),
    "latest_rare_p99_ms": Row("latest 50 of a table with one row in 10,000, p99"),
    "page_rows": Row("rows of the trail that pages are served from"),
    "page_home_ms": Row("server's time of the page's home", "<= 100"),
    "page_search_by_key_ms": Row("the same, a search by key with its count", "<= 100"),
    "page_row_ms": Row("the same, the page of a row", "<= 100"),
    "page_change_ms": Row("the same, the page of a change", "<= 100"),
    "store_us_per_event": Row("decode, encode and store an event, everything small"),
    "cost_large_table_over_small": Row("cost with that many rows in the table", "<= 1.15"),
    "cost_partitions_64_over_small": Row("cost with 64 partitions", "<= 1.15"),
    "cost_tables_500_over_small": Row("cost with 500 tables", "<= 1.15"),
    "ray_over_inprocess_with_schema": Row("Ray over in-process, schema-carrying", ">= 1.5"),
    "ray_over_inprocess_avro": Row("Ray over in-process, Avro", ">= 1.5"),
    "ray_over_inprocess_plain": Row("Ray over in-process, plain"),
    "ray_shipping_us_per_event_plain": Row("shipping an event to Ray and back, plain"),
    "ray_shipping_us_per_event_with_schema": Row("the same, schema-carrying"),
    "poison_over_clean": Row("speed with 1 % poison over without"),
    "topic_bytes_per_event": Row("bytes of a plain event in the topic"),
    "disk_bytes_per_event": Row("bytes of it in the trail, with indexes"),
    "topic_bytes_per_wide_event": Row("bytes of an event with a text of 3 kB in the topic"),
    "disk_bytes_per_wide_event_pglz": Row("bytes of it in the trail, pglz"),
    "disk_bytes_per_wide_event_lz4": Row("bytes of it in the trail, lz4"),
}


def table(figures: Figures) -> str:
    """Write the figures that are there as a table."""
    return "\n".join(_lines(figures))


def markers(name: str) -> tuple[str, str]:
    """What stands before and after the table of a name."""
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def published(document: str, figures: Figures) -> str:
    """
    Replace what is between the markers of a document.

    Raises:
        ValueError: It lacks some.
    """
    for name, text in zip(MARKED, (table(figures), model.table(figures)), strict=True):
        begin, end = markers(name)
        before, _, rest = document.partition(begin)
        _, marker, after = rest.partition(end)
        if not marker:
            raise ValueError(f"the document has no {begin} with an {end} behind it")
        document = f"{before}{begin}\n{text}\n{end}{after}"
    return document


def _lines(figures: Figures) -> Iterator[str]:
    yield "| figure | name | reach | measured | least to most |"
    yield "|---|---|---|---|---|"
    for name, row in ROWS.items():
        if name in figures:
            found = figures[name]
            value = f"{_short(found.value)} {_unit(found)}".strip()
            yield f"| {row.text} | `{name}` | {row.reach} | {value} | {_spread(found)} |"


def _spread(found: Figure) -> str:
    if len(found.samples) == 1:
        return ""
    return f"{_short(min(found.samples))} to {_short(max(found.samples))}"


def _unit(found: Figure) -> str:
    return "" if found.unit in {"ratio", "rows", "events", "records"} else found.unit


def _short(value: float) -> str:
    """Three digits that count, and no power of ten."""
    rounded = float(f"{value:.{_DIGITS}g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 10 ** (_DIGITS - 1) else f"{rounded:g}"


def main() -> int:
    """Publish; the exit status is 1 if nothing was measured yet."""
    if not FIGURES.exists():
        sys.stderr.write(f"{FIGURES} is not there. Run `make bench` first.\n")
        return 1
    figures = read_figures(FIGURES)
    draw(figures, DOCUMENT.with_suffix(".svg"))
    document = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(published(document, figures), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

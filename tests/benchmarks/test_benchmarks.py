"""The harness itself: medians, turns, the file."""

import json
from pathlib import Path

import pytest

from domain.audit_record import AuditRecord
from domain.consumed import RawRecord
from domain.operation import OperationTypeEnum
from tests.benchmarks import events
from tests.benchmarks.decoding import SHAPES
from tests.benchmarks.measuring import (
    alternate,
    figure,
    percentile,
    ratio,
    read_figures,
    write_figures,
)
from tests.benchmarks.model import setups
from tests.benchmarks.naive.rows import a_row
from tests.benchmarks.plot import draw
from tests.benchmarks.publish import markers, published


def test_every_candidate_begins_a_round_in_its_turn() -> None:
    order: list[str] = []

    def note(name: str) -> float:
        order.append(name)
        return 0.0

    alternate({"a": lambda: note("a"), "b": lambda: note("b")}, rounds=2)

    assert order == ["a", "b", "b", "a", "a", "b"]


def test_the_round_that_warms_up_is_not_a_sample() -> None:
    answers = iter([9.0, 1.0, 2.0])

    samples = alternate({"a": lambda: next(answers)}, rounds=2)

    assert samples == {"a": [1.0, 2.0]}


def test_a_single_round_is_not_warmed_up_for() -> None:
    answers = iter([9.0])

    samples = alternate({"a": lambda: next(answers)}, rounds=1)

    assert samples == {"a": [9.0]}


def test_a_ratio_is_the_median_of_the_ratios_of_the_rounds() -> None:
    found = ratio([2.0, 30.0, 8.0], [1.0, 10.0, 2.0])

    assert found.samples == (2.0, 3.0, 4.0)
    assert (found.value, found.unit) == (3.0, "ratio")


def test_the_file_has_value_unit_and_samples_by_name(tmp_path: Path) -> None:
    write_figures({"x": figure([1.0, 3.0, 2.0], "us")}, tmp_path / "build" / "bench.json")

    written = json.loads((tmp_path / "build" / "bench.json").read_text())
    assert written == {"x": {"value": 2.0, "unit": "us", "samples": [1.0, 3.0, 2.0]}}


def test_the_plain_event_is_about_as_large_as_it_is_said_to_be() -> None:
    assert len(events.plain(1_000)) == pytest.approx(800, rel=0.15)


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_is_decoded_to_an_update_of_the_same_row(name: str) -> None:
    shape = SHAPES[name]
    (record,) = events.records([shape.make(7)])

    decoded = shape.decoder().decode(record, 1)

    assert isinstance(decoded, AuditRecord)
    assert (decoded.operation, decoded.source_table) == (OperationTypeEnum.UPDATE, "orders")
    assert json.loads(decoded.new_data or "")["customer"] == "customer 7"


@pytest.mark.parametrize("name", ["with_schema", "avro", "protobuf"])
def test_decimals_and_times_of_typed_shapes_are_readable(name: str) -> None:
    shape = SHAPES[name]
    (record,) = events.records([shape.make(7)])

    decoded = shape.decoder().decode(record, 1)

    assert isinstance(decoded, AuditRecord)
    new = json.loads(decoded.new_data or "")
    assert (new["amount"], new["placed_on"]) == ("7.90", "2025-06-15")
    assert new["placed_at"].startswith("2025-06-15T")


def test_each_event_is_another_row_at_the_next_offset() -> None:
    first, second = events.records([events.plain(0), events.plain(1)])

    assert isinstance(first, RawRecord)
    assert (first.offset, second.offset) == (0, 1)
    assert first.key != second.key


def test_a_percentile_is_a_sample_and_the_deciles_are_kept() -> None:
    found = percentile([float(n) for n in range(1, 1_001)], 99, "ms")

    assert found.value == 990.0
    assert found.samples == (1.0, *(float(n * 100) for n in range(1, 11)))


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    figures = {"x": figure([1.0, 3.0], "us")}

    write_figures(figures, tmp_path / "bench.json")

    assert read_figures(tmp_path / "bench.json") == figures


def test_the_plot_is_drawn_of_what_was_measured_and_is_the_same_again(tmp_path: Path) -> None:
    figures = {
        "kafka_to_pg_events_per_s": figure([50_000.0, 60_000.0], "1/s"),
        "decode_us_per_event_plain": figure([4.0], "us"),
        "freshness_p50_ms": percentile([float(n) for n in range(1, 100)], 50, "ms"),
    }

    for name in ("one.svg", "another.svg"):
        draw(figures, tmp_path / name)

    drawn = (tmp_path / "one.svg").read_text()
    assert drawn == (tmp_path / "another.svg").read_text()
    assert "Kafka to PostgreSQL" in drawn


def test_the_table_of_a_document_is_replaced_and_nothing_else() -> None:
    begin, end = markers("figures")
    last = "\n".join(markers("model"))
    document = f"before\n{begin}\n| old |\n{end}\nafter\n{last}\n"

    told = published(document, {"rss_mb": figure([101.26, 250.0, 99.0], "MB")})

    assert told.startswith(f"before\n{begin}\n| figure |")
    assert f"{end}\nafter\n" in told
    assert "| `rss_mb` | <= 300 | 101 MB | 99 to 250 |" in told
    assert "| old |" not in told


def test_what_the_service_or_the_database_cannot_take_is_the_limit_on_paper() -> None:
    costs = {
        "driver_cpu_us_per_event": 10.0,
        "transform_us_per_event_plain": 7.0,
        "transform_us_per_event_with_schema": 17.0,
        "ray_shipping_us_per_event_plain": 1.0,
        "ray_shipping_us_per_event_with_schema": 2.0,
        "raw_copy_rows_per_s": 60_000.0,
    }

    found = setups({name: figure([value], "us") for name, value in costs.items()})

    assert [(round(s.events_per_second), s.limit, round(s.workers, 2)) for s in found] == [
        (60_000, "the database", 0.0),
        (100_000, "the service", 0.0),
        (240_000, "the database", 1.68),
        (50_000, "the service", 0.0),
        (200_000, "the service", 3.4),
    ]


def test_a_document_without_markers_is_not_written_to() -> None:
    with pytest.raises(ValueError, match="has no"):
        published("text", {})


def test_the_straightforward_service_makes_the_row_that_ours_makes() -> None:
    (record,) = events.records([events.plain(7)])
    ours = SHAPES["plain"].decoder().decode(record, 1)

    theirs = a_row(record, 1)

    assert isinstance(ours, AuditRecord)
    same = ("operation", "record_key", "transaction_id", "lsn", "source_table")
    assert {name: theirs[name] for name in same} == {name: getattr(ours, name) for name in same}
    assert theirs["changed_columns"] == list(ours.changed_columns or ())

"""What is counted, and how it is named."""

import shutil
import subprocess
from collections.abc import Mapping

import pytest

from adapters.otel.metrics_collector import MetricsCollector
from application.reports import PipelineState, PipelineStatus
from application.transform_load import TransformLoad
from application.vital_signs import PoolUsage, TrailCondition
from domain.disposition import Tally
from domain.stream import StreamPartition
from tests.builders import a_quarantined_record
from tests.unit.otel.reports import START, TOPIC, a_report, an_advance
from tests.unit.otel.samples import sample, samples

SECOND = 1_000_000


@pytest.fixture
def metrics() -> MetricsCollector:
    return MetricsCollector()


def test_two_collectors_share_nothing(metrics: MetricsCollector) -> None:
    metrics.record_batch_processed(1.25)

    assert sample(metrics, "cdc_audit_batches_total") == 1
    assert sample(MetricsCollector(), "cdc_audit_batches_total") == 0


def test_records_are_counted_by_topic_and_disposition(metrics: MetricsCollector) -> None:
    tally = Tally(audited=5, baseline=4, control=3, skipped=2, quarantined=1, absent=7)

    metrics.record_batch(a_report(an_advance(tally), an_advance(Tally(audited=1), topic="other")))

    def records(disposition: str, topic: str = TOPIC) -> float:
        return sample(metrics, "cdc_audit_records_total", topic=topic, disposition=disposition)

    assert records("audited") == 5
    assert records("baseline") == 4
    assert records("control") == 3
    assert records("skipped") == 2
    assert records("quarantined") == 1
    assert records("audited", "other") == 1
    assert sample(metrics, "cdc_audit_absent_offsets_total", topic=TOPIC) == 7
    assert sample(metrics, "cdc_audit_consumed_records_total", topic=TOPIC, partition="0") == 15


def test_a_record_that_the_database_refused_counts_as_quarantined(
    metrics: MetricsCollector,
) -> None:
    refused = [a_quarantined_record(1, error_type="DataError")]

    metrics.record_batch(a_report(an_advance(Tally(audited=3)), refused=refused))

    told = samples(metrics, "cdc_audit_records_total")
    assert {dict(labels)["disposition"]: count for labels, count in told.items()} == {
        "audited": 2,
        "quarantined": 1,
    }
    name = "cdc_audit_quarantined_records_total"
    assert sample(metrics, name, topic=TOPIC, error_type="DataError") == 1


def test_rows_and_control_messages_are_counted_by_kind(metrics: MetricsCollector) -> None:
    report = a_report(
        an_advance(Tally(audited=3, control=2)),
        operations={(TOPIC, "UPDATE"): 2, (TOPIC, "DELETE"): 1},
        control_kinds={(TOPIC, "tombstone"): 2},
    )

    metrics.record_batch(report)

    assert sample(metrics, "cdc_audit_rows_total", topic=TOPIC, operation="UPDATE") == 2
    assert sample(metrics, "cdc_audit_rows_total", topic=TOPIC, operation="DELETE") == 1
    assert sample(metrics, "cdc_audit_control_records_total", topic=TOPIC, kind="tombstone") == 2


def test_stages_are_timed_in_seconds(metrics: MetricsCollector) -> None:
    metrics.record_batch(a_report(an_advance(Tally(audited=1))))

    stage = "cdc_audit_batch_stage_duration_seconds"
    assert sample(metrics, f"{stage}_sum", stage="poll") == pytest.approx(0.010)
    assert sample(metrics, f"{stage}_sum", stage="transform") == pytest.approx(0.020)
    assert sample(metrics, f"{stage}_sum", stage="append") == pytest.approx(0.030)
    assert sample(metrics, f"{stage}_bucket", stage="append", le="0.025") == 0
    assert sample(metrics, f"{stage}_bucket", stage="append", le="0.05") == 1
    assert sample(metrics, "cdc_audit_batch_duration_seconds_sum") == pytest.approx(0.060)


def test_freshness_is_the_time_from_the_newest_change_to_the_commit(
    metrics: MetricsCollector,
) -> None:
    changed = START // 1000 - 2 * SECOND

    metrics.record_batch(a_report(an_advance(Tally(audited=1)), newest_change=changed))

    assert sample(metrics, "cdc_audit_freshness_seconds_sum") == pytest.approx(2.06)
    newest = sample(metrics, "cdc_audit_newest_change_timestamp_seconds")
    assert newest == pytest.approx(changed / SECOND)


def test_a_source_clock_ahead_of_ours_gives_no_negative_freshness(
    metrics: MetricsCollector,
) -> None:
    changed = START // 1000 + 60 * SECOND

    metrics.record_batch(a_report(an_advance(Tally(audited=1)), newest_change=changed))

    assert sample(metrics, "cdc_audit_freshness_seconds_count") == 1
    assert sample(metrics, "cdc_audit_freshness_seconds_sum") == 0


def test_sizes_of_batches_are_measured(metrics: MetricsCollector) -> None:
    metrics.record_batch(a_report(an_advance(Tally(audited=700)), size=20_000))

    assert sample(metrics, "cdc_audit_batch_records_bucket", le="500") == 0
    assert sample(metrics, "cdc_audit_batch_records_bucket", le="1000") == 1
    assert sample(metrics, "cdc_audit_batch_size_bytes_sum") == 20_000


def test_the_documented_methods_count_what_the_pipeline_counts(metrics: MetricsCollector) -> None:
    metrics.record_message_consumed("topic", 3)
    metrics.record_message_processed("topic", "INSERT")
    metrics.record_message_processed("topic", "SNAPSHOT")
    metrics.record_message_failed("topic", "ValidationError")
    metrics.record_batch_processed(1.25)

    records = "cdc_audit_records_total"
    assert sample(metrics, "cdc_audit_consumed_records_total", topic="topic", partition="3") == 1
    assert sample(metrics, "cdc_audit_rows_total", topic="topic", operation="INSERT") == 1
    assert sample(metrics, records, topic="topic", disposition="audited") == 1
    assert sample(metrics, records, topic="topic", disposition="baseline") == 1
    assert sample(metrics, records, topic="topic", disposition="quarantined") == 1
    assert sample(metrics, "cdc_audit_batch_duration_seconds_sum") == 1.25


def test_the_lag_of_a_partition_that_was_taken_away_disappears(metrics: MetricsCollector) -> None:
    lag = {StreamPartition(1, 0, TOPIC): 10, StreamPartition(1, 1, TOPIC): 0}
    metrics.watch_lag(lambda: lag)
    before = samples(metrics, "cdc_audit_lag_records")

    del lag[StreamPartition(1, 0, TOPIC)]

    after = samples(metrics, "cdc_audit_lag_records")
    assert sorted(before.values()) == [0, 10]
    assert list(after) == [frozenset({("topic", TOPIC), ("partition", "1")})]


def test_the_pipeline_is_in_exactly_one_state(metrics: MetricsCollector) -> None:
    stopped = {"orders-0": "damaged"}
    status = PipelineStatus(
        state=PipelineState.WAITING, assigned=4, fenced=2, stopped_partitions=stopped
    )

    metrics.watch_pipeline(lambda: status)

    told = samples(metrics, "cdc_audit_pipeline_state")
    states = {dict(labels)["state"]: value for labels, value in told.items()}
    assert [state for state, value in states.items() if value] == ["waiting"]
    assert set(states) == set(PipelineState)
    assert sample(metrics, "cdc_audit_assigned_partitions") == 4
    assert sample(metrics, "cdc_audit_stopped_partitions") == 1
    assert sample(metrics, "cdc_audit_fenced_batches_total") == 2


def test_what_is_transformed_where_is_told_as_the_transformer_has_it(
    metrics: MetricsCollector,
) -> None:
    load = TransformLoad(
        actors=3,
        least=1,
        most=8,
        under_way=4,
        decisions={("ray", "burst"): 20, ("inprocess", "small"): 7},
        seconds={"ray": 1.5, "inprocess": 0.25},
    )

    metrics.watch_pipeline(lambda: PipelineStatus(state=PipelineState.RUNNING, transform_load=load))

    assert sample(metrics, "cdc_audit_ray_actors") == 3
    assert sample(metrics, "cdc_audit_ray_least_actors") == 1
    assert sample(metrics, "cdc_audit_ray_most_actors") == 8
    assert sample(metrics, "cdc_audit_transforming_batches") == 4
    assert samples(metrics, "cdc_audit_transformed_batches_total") == {
        frozenset({("engine", "ray"), ("situation", "burst")}): 20,
        frozenset({("engine", "inprocess"), ("situation", "small")}): 7,
    }
    assert samples(metrics, "cdc_audit_transform_busy_seconds_total") == {
        frozenset({("engine", "ray")}): 1.5,
        frozenset({("engine", "inprocess")}): 0.25,
    }


def test_where_all_is_in_process_nothing_is_told_of_ray(metrics: MetricsCollector) -> None:
    metrics.watch_pipeline(lambda: PipelineStatus(state=PipelineState.RUNNING))

    assert "cdc_audit_ray" not in metrics.get_metrics_text()


def test_pool_and_trail_are_told_as_they_are(metrics: MetricsCollector) -> None:
    metrics.watch_pool(lambda: PoolUsage(size=10, idle=7, waiting=2, limit=30))
    offsets = Tally(audited=8, absent=2)
    metrics.tell_condition(
        TrailCondition(open_quarantine=5, open_gaps=1, offsets=offsets, unaccounted=3)
    )

    assert sample(metrics, "cdc_audit_pool_connections", use="idle") == 7
    assert sample(metrics, "cdc_audit_pool_connections", use="busy") == 3
    assert sample(metrics, "cdc_audit_pool_waiting_requests") == 2
    assert sample(metrics, "cdc_audit_pool_limit_connections") == 30
    assert sample(metrics, "cdc_audit_quarantine_open_records") == 5
    assert sample(metrics, "cdc_audit_open_gaps") == 1
    assert sample(metrics, "cdc_audit_trail_offsets", disposition="audited") == 8
    assert sample(metrics, "cdc_audit_trail_offsets", disposition="absent") == 2
    assert sample(metrics, "cdc_audit_trail_offsets", disposition="skipped") == 0
    assert sample(metrics, "cdc_audit_unaccounted_offsets") == 3


def test_what_nobody_tells_does_not_appear(metrics: MetricsCollector) -> None:
    metrics.record_batch_processed(0.1)

    text = metrics.get_metrics_text()

    assert "cdc_audit_lag_records{" not in text
    assert "cdc_audit_pool_connections{" not in text
    assert "otel_scope" not in text


def test_more_than_two_thousand_series_are_not_merged(metrics: MetricsCollector) -> None:
    lag: Mapping[StreamPartition, int] = {StreamPartition(1, n, TOPIC): n for n in range(3000)}

    metrics.watch_lag(lambda: lag)
    for partition in range(3000):
        metrics.record_message_consumed(TOPIC, partition)

    assert len(samples(metrics, "cdc_audit_lag_records")) == 3000
    assert len(samples(metrics, "cdc_audit_consumed_records_total")) == 3000


def test_an_openmetrics_client_is_answered_in_its_format(metrics: MetricsCollector) -> None:
    metrics.record_batch_processed(0.1)

    body, content_type = metrics.exposition("application/openmetrics-text; version=1.0.0")

    assert content_type.startswith("application/openmetrics-text; version=1.0.0")
    assert body.endswith(b"# EOF\n")


def test_the_standard_variable_names_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    by_default = MetricsCollector()
    monkeypatch.setenv("OTEL_SERVICE_NAME", "audit-of-shop")
    named = MetricsCollector()

    for metrics in (by_default, named):
        metrics.record_batch_processed(0.1)

    assert 'service_name="cdc-audit"' in by_default.get_metrics_text()
    assert 'service_name="audit-of-shop"' in named.get_metrics_text()


@pytest.mark.promtool
def test_promtool_has_nothing_to_say(metrics: MetricsCollector) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    tally = Tally(audited=5, baseline=4, control=3, skipped=2, quarantined=1, absent=7)
    load = TransformLoad(decisions={("ray", "burst"): 1}, seconds={"ray": 0.5})
    running = PipelineStatus(state=PipelineState.RUNNING, transform_load=load)
    metrics.watch_pipeline(lambda: running)
    metrics.watch_pool(lambda: PoolUsage(size=1, idle=1, waiting=0, limit=1))
    metrics.watch_lag(lambda: {StreamPartition(1, 0, TOPIC): 1})
    metrics.tell_condition(TrailCondition(open_quarantine=1))
    metrics.record_batch(
        a_report(
            an_advance(tally),
            operations={(TOPIC, "UPDATE"): 5},
            control_kinds={(TOPIC, "heartbeat"): 3},
            quarantined=[a_quarantined_record()],
            newest_change=START // 1000,
        )
    )

    checked = subprocess.run(  # noqa: S603 - promtool, from the PATH
        [promtool, "check", "metrics"],
        input=metrics.get_metrics_text(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (checked.stdout, checked.stderr, checked.returncode) == ("", "", 0)

"""Reads samples out of a text of metrics."""

from prometheus_client.parser import text_string_to_metric_families

from adapters.otel.metrics_collector import MetricsCollector

Labels = frozenset[tuple[str, str]]


def samples(metrics: MetricsCollector, name: str) -> dict[Labels, float]:
    """All samples called `name`, by their labels."""
    return {
        frozenset(sample.labels.items()): sample.value
        for family in text_string_to_metric_families(metrics.get_metrics_text())
        for sample in family.samples
        if sample.name == name
    }


def sample(metrics: MetricsCollector, name: str, **labels: str) -> float:
    """The one sample called `name` with exactly `labels`; 0 where there is none."""
    return samples(metrics, name).get(frozenset(labels.items()), 0)

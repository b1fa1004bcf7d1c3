"""Every metric that a dashboard or an alert asks for is one that the service serves."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from adapters.otel.metrics_collector import MetricsCollector
from application.reports import PipelineState, PipelineStatus
from application.transform_load import TransformLoad
from application.vital_signs import PoolUsage, TrailCondition
from domain.disposition import Tally
from domain.stream import StreamPartition
from tests.unit.otel.reports import TOPIC, a_report, an_advance

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES_TEST = Path(__file__).parent / "alerts_test.yml"
OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
DASHBOARD: dict[str, Any] = json.loads(
    (DEPLOY / "grafana" / "dashboards" / "cdc-audit.json").read_text()
)
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]

# The dashboard's own variables, as Grafana would fill them in.
FILLED_IN = {"$__rate_interval": "1m", "$instance": ".*", "$topic": ".*"}


def rules() -> list[dict[str, Any]]:
    reader = cast("Any", YAML(typ="safe"))  # its own annotations leave `load` half unknown
    parsed = reader.load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    return [rule for group in parsed["groups"] for rule in group["rules"]]


def expressions() -> list[str]:
    asked = [target["expr"] for panel in PANELS for target in panel["targets"]]
    asked += [variable["query"]["query"] for variable in DASHBOARD["templating"]["list"]]
    return asked + [rule["expr"] for rule in rules()]


@pytest.fixture(scope="module")
def served() -> dict[str, set[str]]:
    """Names of all samples of a service that has done a bit of everything, with their labels."""
    metrics = MetricsCollector()
    tally = Tally(audited=3, baseline=1, control=1, skipped=1, quarantined=1, absent=1)
    metrics.record_batch(
        a_report(
            an_advance(tally),
            operations={(TOPIC, "UPDATE"): 3},
            control_kinds={(TOPIC, "heartbeat"): 1},
            newest_change=1_700_000_000_000_000,
        )
    )
    metrics.record_message_failed(TOPIC, "ValidationError")
    load = TransformLoad(decisions={("ray", "burst"): 1}, seconds={"ray": 0.5})
    status = PipelineStatus(state=PipelineState.RUNNING, transform_load=load)
    metrics.watch_pipeline(lambda: status)
    metrics.watch_lag(lambda: {StreamPartition(1, 0, TOPIC): 5})
    metrics.watch_pool(lambda: PoolUsage(size=2, idle=1, waiting=0, limit=30))
    metrics.tell_condition(TrailCondition())
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(metrics.get_metrics_text()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    metrics.close()
    return found


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found:
        return found
    reason = "promtool is missing (Debian, Ubuntu: apt-get install prometheus)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    return pytest.skip(reason)


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - the commands are this file's own
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_the_service_serves_what_is_asked_for(expression: str, served: dict[str, set[str]]) -> None:
    asked = set(re.findall(r"\bcdc_audit_\w+", expression))

    assert asked or expression.startswith("up{")
    assert asked <= served.keys()


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_labels_that_are_asked_for_exist(expression: str, served: dict[str, set[str]]) -> None:
    for metric, selector in re.findall(r"\b(cdc_audit_\w+)\{(.*?)\}", expression):
        asked = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector))
        # Prometheus adds the instance when it scrapes.
        assert asked <= served[metric] | {"instance"}, metric


def test_every_panel_has_its_own_place_and_number() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not taken & cells, panel["title"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        taken |= cells

    assert len({panel["id"] for panel in PANELS}) == len(PANELS)


def test_every_panel_asks_the_provisioned_datasource() -> None:
    provisioned = (DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text()
    uids = {panel["datasource"]["uid"] for panel in PANELS}

    assert uids == {"prometheus"}
    assert "uid: prometheus" in provisioned


def test_every_panel_says_what_it_shows() -> None:
    assert [panel["title"] for panel in PANELS if not panel["description"]] == []


def test_prometheus_understands_every_expression(promtool: str, tmp_path: Path) -> None:
    asked = [target["expr"] for panel in PANELS for target in panel["targets"]]
    for variable, value in FILLED_IN.items():
        asked = [expression.replace(variable, value) for expression in asked]
    recorded = [
        {"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(asked)
    ]
    file = tmp_path / "panels.yml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": recorded}]}))

    checked = run(promtool, "check", "rules", file)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"{len(asked)} rules found" in checked.stdout


def test_prometheus_accepts_its_configuration(promtool: str) -> None:
    checked = run(promtool, "check", "config", DEPLOY / "prometheus" / "prometheus.yml")

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_alerts_fire_when_they_should(promtool: str) -> None:
    checked = run(promtool, "test", "rules", RULES_TEST)

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("alert", [rule["alert"] for rule in rules()])
def test_every_alert_is_tested_and_explained(alert: str) -> None:
    assert alert in RULES_TEST.read_text()
    assert f"### {alert}\n" in OPERATIONS.read_text()

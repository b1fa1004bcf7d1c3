"""What is deployed on Kubernetes, checked as far as it can be without one."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from ruamel.yaml import YAML

from entrypoints.settings import load_config
from entrypoints.settings_sources import PREFIX

REPOSITORY = Path(__file__).parents[2]
KUBERAY = REPOSITORY / "deploy" / "kuberay"
SCHEMAS = REPOSITORY / "tests" / "data" / "kuberay"
OPEN = "x-kubernetes-preserve-unknown-fields"

Document = dict[str, Any]


def documents(file: Path) -> list[Document]:
    reader = cast("Any", YAML(typ="safe"))  # its own annotations leave `load` half unknown
    return list(reader.load_all(file.read_text()))


FILES = sorted(KUBERAY.glob("*.yaml"))
DOCUMENTS = [document for file in FILES for document in documents(file)]
KINDS: dict[str, Document] = {document["kind"]: document for document in DOCUMENTS}


def pods() -> dict[str, Document]:
    """Every pod's spec, by what it is of."""
    ray = KINDS["RayCluster"]["spec"]
    return {
        "service": KINDS["Deployment"]["spec"]["template"]["spec"],
        "migrate": KINDS["Job"]["spec"]["template"]["spec"],
        "head": ray["headGroupSpec"]["template"]["spec"],
        "workers": ray["workerGroupSpecs"][0]["template"]["spec"],
    }


def containers() -> Iterator[Document]:
    for pod in pods().values():
        yield from [*pod.get("initContainers", []), *pod["containers"]]


def environment(container: Document) -> dict[str, str]:
    """What is set in it, with something in place of secrets."""
    return {entry["name"]: entry.get("value", "secret") for entry in container.get("env", [])}


def closed(schema: object) -> object:
    """`schema` with every field refused that it does not name, as the API server warns of."""
    if isinstance(schema, list):
        return [closed(part) for part in cast("list[object]", schema)]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(part) for key, part in cast("dict[str, object]", schema).items()}
    if isinstance(inner.get("properties"), dict) and OPEN not in inner:
        inner.setdefault("additionalProperties", False)
    return inner


def problems(document: Document, folder: Path) -> str:
    """What `check-jsonschema` has against `document`, by the schema of its kind."""
    schema = json.loads((SCHEMAS / f"{document['kind'].lower()}.json").read_text())
    (folder / "schema.json").write_text(json.dumps(closed(schema)))
    (folder / "document.json").write_text(json.dumps(document))
    checked = subprocess.run(  # noqa: S603 - the command is this file's own
        [
            Path(sys.executable).parent / "check-jsonschema",
            *("--schemafile", folder / "schema.json", folder / "document.json"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if checked.returncode == 0 else checked.stdout + checked.stderr


@pytest.mark.parametrize("kind", ["RayCluster", "ScaledObject"])
def test_it_fits_the_schema_of_its_kind(kind: str, tmp_path: Path) -> None:
    assert problems(KINDS[kind], tmp_path) == ""


def test_a_field_that_the_schema_does_not_name_is_refused(tmp_path: Path) -> None:
    spec = {**KINDS["RayCluster"]["spec"], "enableAutoscaling": True}

    found = problems({**KINDS["RayCluster"], "spec": spec}, tmp_path)

    assert "'enableAutoscaling' was unexpected" in found


@pytest.mark.parametrize("name", ["service", "migrate"])
def test_every_setting_that_is_named_exists_and_is_allowed(name: str) -> None:
    (container,) = pods()[name]["containers"]
    given = {k: v for k, v in environment(container).items() if k.startswith(PREFIX)}

    config = load_config(environ=given)

    config.validate()
    assert len(given) >= 7


def test_no_secret_is_written_down() -> None:
    secret = [
        entry
        for container in containers()
        for entry in container.get("env", [])
        if entry["name"].endswith(("PASSWORD", "USERNAME"))
    ]

    assert secret
    assert all(entry["valueFrom"]["secretKeyRef"]["name"] == "cdc-audit" for entry in secret)


def test_every_container_runs_the_image_of_the_repository_with_limits() -> None:
    compose = documents(REPOSITORY / "docker-compose.yml")[0]
    image = compose["services"]["cdc-audit"]["image"]

    assert {container["image"] for container in containers()} == {image}
    assert all("memory" in container["resources"]["limits"] for container in containers())


def test_ray_is_of_the_version_that_is_locked() -> None:
    locked = (REPOSITORY / "requirements" / "run.txt").read_text()

    assert f"\nray=={KINDS['RayCluster']['spec']['rayVersion']} " in locked


def test_the_probes_ask_what_they_are_meant_to_ask() -> None:
    (service,) = pods()["service"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in service["ports"]}
    asked = {
        name: (probe["httpGet"]["path"], ports[probe["httpGet"]["port"]])
        for name, probe in service.items()
        if name.endswith("Probe")
    }

    port = load_config(environ={}).monitoring.health_check_port
    assert asked == {
        "startupProbe": ("/live", port),
        "livenessProbe": ("/live", port),
        "readinessProbe": ("/ready", port),
    }


def test_the_budget_and_the_service_choose_the_deployment_and_keda_scales_it() -> None:
    deployment = KINDS["Deployment"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]

    assert deployment["spec"]["selector"]["matchLabels"] == labels
    assert KINDS["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert KINDS["Service"]["spec"]["selector"] == labels
    target = KINDS["ScaledObject"]["spec"]["scaleTargetRef"]["name"]
    assert target == deployment["metadata"]["name"]


def test_keda_looks_at_the_lag_of_the_group_that_the_service_is_of() -> None:
    (service,) = pods()["service"]["containers"]
    (trigger,) = KINDS["ScaledObject"]["spec"]["triggers"]
    given = environment(service)

    assert trigger["metadata"]["consumerGroup"] == given["CDC_AUDIT_KAFKA_GROUP_ID"]
    assert trigger["metadata"]["bootstrapServers"] == given["CDC_AUDIT_KAFKA_BOOTSTRAP_SERVERS"]


def test_the_service_asks_for_as_many_actors_as_there_may_be_workers() -> None:
    (service,) = pods()["service"]["containers"]
    (group,) = KINDS["RayCluster"]["spec"]["workerGroupSpecs"]
    given = environment(service)

    assert int(given["CDC_AUDIT_RAY_MIN_ACTORS"]) == group["minReplicas"]
    assert int(given["CDC_AUDIT_RAY_MAX_ACTORS"]) == group["maxReplicas"]


@pytest.mark.parametrize("name", pods())
def test_what_is_mounted_is_a_volume_of_the_pod(name: str) -> None:
    pod = pods()[name]
    volumes = {volume["name"] for volume in pod.get("volumes", [])}
    mounted = {
        mount["name"]
        for container in [*pod.get("initContainers", []), *pod["containers"]]
        for mount in container.get("volumeMounts", [])
    }

    assert mounted == volumes


def test_a_pod_is_given_the_time_to_stop() -> None:
    within = load_config(environ={}).consumer.shutdown_timeout

    assert pods()["service"]["terminationGracePeriodSeconds"] > within

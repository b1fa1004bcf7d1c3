"""What is deployed, checked as far as it can be without a container engine."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
from ruamel.yaml import YAML

REPOSITORY = Path(__file__).parents[2]
DEPLOY = REPOSITORY / "deploy"
BIN = Path(sys.executable).parent
ONE_SHOT = {"connector", "migrate"}


def load_yaml(path: Path) -> Any:  # noqa: ANN401 - YAML is of any shape
    reader = cast("Any", YAML(typ="safe"))  # its own annotations leave `load` half unknown
    return reader.load(path.read_text())


COMPOSE = load_yaml(REPOSITORY / "docker-compose.yml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - the commands are this file's own
        command,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def images() -> list[str]:
    stages = (REPOSITORY / "Dockerfile").read_text().splitlines()
    built_on = [line.split()[1] for line in stages if line.startswith("FROM ")]
    return sorted({*built_on, *(service["image"] for service in SERVICES.values())})


def test_the_compose_file_fits_the_schema() -> None:
    checked = run(
        BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_linter_has_nothing_to_say_about_the_dockerfile() -> None:
    checked = run(BIN / "hadolint", "Dockerfile")

    assert (checked.returncode, checked.stdout) == (0, "")


@pytest.mark.parametrize("image", images())
def test_every_image_is_pinned_to_a_whole_version(image: str) -> None:
    _, _, tag = image.partition(":")

    assert tag.count(".") >= 1, f"{image} follows a moving tag"
    assert "latest" not in tag


@pytest.mark.parametrize("name", SERVICES)
def test_every_port_is_published_on_loopback_only(name: str) -> None:
    ports: list[str] = SERVICES[name].get("ports", [])

    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - ONE_SHOT - {"cdc-audit"}))
def test_every_server_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


def test_the_image_of_the_service_asks_whether_it_lives() -> None:
    dockerfile = (REPOSITORY / "Dockerfile").read_text()

    assert "HEALTHCHECK" in dockerfile
    assert "/live" in dockerfile
    assert "\nUSER 10001" in dockerfile


def test_whoever_waits_waits_for_health_or_for_the_end() -> None:
    for name, service in SERVICES.items():
        for other, wait in service.get("depends_on", {}).items():
            ends = other in ONE_SHOT
            wanted = "service_completed_successfully" if ends else "service_healthy"
            assert wait["condition"] == wanted, f"{name} does not wait for {other} rightly"


def test_the_start_order_has_no_circle_and_ends_at_the_service() -> None:
    reached: set[str] = set()
    while waiting := SERVICES.keys() - reached:
        ready = {n for n in waiting if SERVICES[n].get("depends_on", {}).keys() <= reached}
        assert ready, f"these wait for each other: {sorted(waiting)}"
        reached |= ready
    assert SERVICES["cdc-audit"]["depends_on"].keys() == {"migrate", "kafka", "connector"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_mounted_file_is_in_the_repository(name: str) -> None:
    volumes: list[str] = SERVICES[name].get("volumes", [])
    mounted = [volume.split(":")[0] for volume in volumes if volume.startswith("./")]

    assert [path for path in mounted if not (REPOSITORY / path).exists()] == []


def test_the_connector_gets_its_password_from_the_environment() -> None:
    connector = json.loads((DEPLOY / "debezium" / "shop-connector.json").read_text())
    environment = SERVICES["connect"]["environment"]

    assert connector["database.password"] == "${env:DEBEZIUM_PASSWORD}"
    assert "DEBEZIUM_PASSWORD" in environment
    assert environment["CONNECT_CONFIG_PROVIDERS"] == "env"


def test_what_the_dockerfile_copies_is_let_into_the_build() -> None:
    allowed = {
        line.removeprefix("!")
        for line in (REPOSITORY / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = {
        source
        for line in (REPOSITORY / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    }

    assert copied <= allowed
    assert [path for path in copied if not (REPOSITORY / path).exists()] == []


@pytest.mark.parametrize(
    "script", [DEPLOY / "source" / "init.sh", DEPLOY / "debezium" / "register.sh"], ids=str
)
def test_the_shell_scripts_parse(script: Path) -> None:
    checked = run("sh", "-n", script)

    assert checked.returncode == 0, checked.stderr

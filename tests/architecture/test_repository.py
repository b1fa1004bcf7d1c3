"""The locks agree with each other and with pyproject.toml, and nothing names a package index."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[2]
REQUIREMENTS = REPOSITORY / "requirements"
LOCKS = ("run", "demo", "dev", "build")

# Documentation and identifiers; whatever a package client talks to is its own configuration.
KNOWN_HOSTS = ("github.com", "apache.org", "debezium.io", "opentelemetry.io", "w3.org")
PLACES = (
    *("Makefile", "Dockerfile", "docker-compose.yml", "pyproject.toml"),
    *("requirements/*", ".ci/*", "deploy/**/*", "tests/servers/*"),
)


def pins(lock: str) -> dict[str, set[str]]:
    """Read the versions of each package in a lock; more than one where markers tell them apart."""
    found: dict[str, set[str]] = {}
    lines = (REQUIREMENTS / f"{lock}.txt").read_text().splitlines()
    for name, version in re.findall(
        r"^([\w.-]+)(?:\[.*?\])?==(\S+)", "\n".join(lines), re.MULTILINE
    ):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


def project() -> dict[str, list[Requirement]]:
    """Read what pyproject.toml asks for, by lock."""
    table = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    extras = table["optional-dependencies"]
    run = table["dependencies"]
    asked = {"run": run, "demo": run + extras["demo"], "dev": run + extras["demo"] + extras["test"]}
    return {lock: [Requirement(line) for line in lines] for lock, lines in asked.items()}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_a_hash(lock: str) -> None:
    text = (REQUIREMENTS / f"{lock}.txt").read_text()
    entries = re.findall(r"^[\w.-]+.*==(?:.*\\\n)+.*$", text, re.MULTILINE)

    assert len(entries) == len(re.findall(r"^[\w.-]+.*==", text, re.MULTILINE)) > 0
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize(("smaller", "larger"), [("run", "demo"), ("demo", "dev")])
def test_the_smaller_lock_is_a_part_of_the_larger(smaller: str, larger: str) -> None:
    versions = pins(larger)

    assert {n: v for n, v in pins(smaller).items() if versions.get(n) != v} == {}


def test_the_build_lock_goes_together_with_the_others() -> None:
    build, dev = pins("build"), pins("dev")

    assert {n for n in build.keys() & dev.keys() if build[n] != dev[n]} == set()


@pytest.mark.parametrize("lock", ["run", "demo", "dev"])
def test_the_lock_holds_what_pyproject_asks_for(lock: str) -> None:
    locked = pins(lock)
    missing = [
        str(wanted)
        for wanted in project()[lock]
        if not any(map(wanted.specifier.contains, locked.get(canonicalize_name(wanted.name), ())))
    ]

    assert missing == [], "run `make lock`"


def test_nothing_that_installs_names_a_host_to_install_from() -> None:
    files = [path for place in PLACES for path in REPOSITORY.glob(place) if path.is_file()]
    strangers = {
        f"{path.relative_to(REPOSITORY)}: {host}"
        for path in files
        for host in re.findall(r"\w+://([\w.-]+\.[a-z]{2,})", path.read_text(errors="replace"))
        if not host.endswith(KNOWN_HOSTS)
    }

    assert len(files) > len(LOCKS)
    assert strangers == set()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_gives_pip_no_options(lock: str) -> None:
    lines = (REQUIREMENTS / f"{lock}.txt").read_text().splitlines()

    assert [line for line in lines if line.startswith("-")] == []

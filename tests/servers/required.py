"""
A pytest plugin: under CI no test of a real service may be skipped.

A skip is right on a machine without Chromium or Java. In CI, where `.ci/run` installs all of them,
it would hide that a whole adapter went untested: the run fails, and names what was skipped.
"""

import os
from collections.abc import Generator

import pytest

REAL_SERVICES = frozenset(
    {"postgres", "mariadb", "kafka", "debezium", "browser", "promtool", "ray"}
)

_skipped = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin with nothing skipped."""
    config.stash[_skipped] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note each skipped test that carries the marker of a real service."""
    report = yield
    services = REAL_SERVICES & {marker.name for marker in item.iter_markers()}
    if report.skipped and services and not hasattr(report, "wasxfail"):
        item.config.stash[_skipped].append(f"{item.nodeid} ({', '.join(sorted(services))})")
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turn a passed run with such a skip into a failed one."""
    if _refused(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say which tests made the run fail, and what to do."""
    refused = _refused(config)
    if not refused:
        return
    terminalreporter.section("real services that CI must not skip", red=True)
    for name in refused:
        terminalreporter.line(name)
    terminalreporter.line("Install what their reasons name, or unset CI to allow the skips.")


def _refused(config: pytest.Config) -> list[str]:
    return config.stash[_skipped] if os.environ.get("CI") else []

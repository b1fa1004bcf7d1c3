"""
A pytest plugin: under CI no test of a real service may be skipped.

A skip is right on a machine without Chromium, Java or a C compiler. In CI, where `.ci/run`
installs all of them, it would hide that a whole adapter went untested: the run fails, and names
what was skipped.
"""

import os
from collections.abc import Generator

import pytest

REAL_SERVICES = frozenset(
    {"postgres", "mariadb", "kafka", "debezium", "browser", "promtool", "ray", "compiled"}
)

_SERVICES = "real services"


def pytest_configure(config: pytest.Config) -> None:
    """Watch for skips, with nothing skipped so far."""
    if os.environ.get("CI"):
        config.pluginmanager.register(SkippedServices())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write the markers of real services on the report, which is all that a worker sends."""
    report = yield
    services = REAL_SERVICES & {marker.name for marker in item.iter_markers()}
    if services:
        report.user_properties.append((_SERVICES, ", ".join(sorted(services))))
    return report


class SkippedServices:
    """Notes the skipped tests of real services, and makes the run fail for them."""

    def __init__(self) -> None:
        self._skipped: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a skipped test that carries the marker of a real service."""
        services = dict(report.user_properties).get(_SERVICES)
        if report.skipped and services and not hasattr(report, "wasxfail"):
            self._skipped.append(f"{report.nodeid} ({services})")

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Turn a passed run with such a skip into a failed one."""
        if self._skipped and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which tests made the run fail, and what to do."""
        if not self._skipped:
            return
        terminalreporter.section("real services that CI must not skip", red=True)
        for name in self._skipped:
            terminalreporter.line(name)
        terminalreporter.line("Install what their reasons name, or unset CI to allow the skips.")

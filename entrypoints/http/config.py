"""Settings of the HTTP servers. Each listens on loopback unless told otherwise."""

import msgspec

from domain.errors import ConfigurationError

DEFAULT_METRICS_PORT = 8000
DEFAULT_HEALTH_CHECK_PORT = 8001
DEFAULT_PAGE_PORT = 8080


class MonitoringConfig(msgspec.Struct, kw_only=True):
    """
    Where health and metrics are served, and when the service counts as unready or stuck.

    Attributes:
        enabled: Whether health and metrics are served at all.
        host: Address to listen on. Health and metrics show no row data.
        metrics_port: Port of `/metrics`; 0 takes any free one.
        health_check_port: Port of `/health`, `/ready` and `/live`; 0 takes any free one.
        check_timeout: Seconds after which a check without an answer has failed.
        progress_timeout: Seconds with lag and without a commit after which we are unready.
        stuck_timeout: Seconds without a turn of the pipeline's loop after which it is stuck.
        completeness_interval: Seconds between two comparisons of the source's transactions with
            their END records, where the connector provides them; what is missing becomes a gap. 0
            makes none.
    """

    enabled: bool = True
    host: str = "127.0.0.1"
    metrics_port: int = DEFAULT_METRICS_PORT
    health_check_port: int = DEFAULT_HEALTH_CHECK_PORT
    check_timeout: float = 5.0
    progress_timeout: float = 60.0
    stuck_timeout: float = 60.0
    completeness_interval: float = 300.0

    def validate(self) -> None:
        """
        Check every value.

        Raises:
            ConfigurationError: The first wrong one, with its value and what is allowed.
        """
        _check_port("metrics_port", self.metrics_port)
        _check_port("health_check_port", self.health_check_port)
        _check_seconds("check_timeout", self.check_timeout)
        _check_seconds("progress_timeout", self.progress_timeout)
        _check_seconds("stuck_timeout", self.stuck_timeout)
        if self.completeness_interval != 0:
            _check_seconds("completeness_interval", self.completeness_interval)


class PageConfig(msgspec.Struct, kw_only=True):
    """
    Where the page and `/api/v1` are served. They show row data, and ask nobody who they are.

    Attributes:
        enabled: Whether the page is served at all.
        host: Address to listen on.
        port: Port; 0 takes any free one.
        allowed_hosts: Host names that a request may name, besides the loopback ones; ``*`` lets
            every name pass. Keeps other sites from reading a loopback page by DNS rebinding.
        live_interval: Seconds between two looks for new changes while a page is open.
    """

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = DEFAULT_PAGE_PORT
    allowed_hosts: list[str] = []
    live_interval: float = 0.5

    def validate(self) -> None:
        """
        Check every value.

        Raises:
            ConfigurationError: The first wrong one, with its value and what is allowed.
        """
        _check_port("port", self.port)
        _check_seconds("live_interval", self.live_interval)


_HIGHEST_PORT = 65_535


def _check_port(name: str, port: int) -> None:
    if not 0 <= port <= _HIGHEST_PORT:
        raise ConfigurationError(
            name, f"{port} is no port: 1 to {_HIGHEST_PORT}, or 0 for any free one."
        )


def _check_seconds(name: str, seconds: float) -> None:
    if not seconds > 0:
        raise ConfigurationError(name, f"{seconds} is not a time in seconds: more than 0.")

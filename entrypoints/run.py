"""`cdc-audit run`: the service as one process, until a signal ends it."""

from entrypoints.settings import AppConfig


def run_service(config: AppConfig) -> int:
    """Run until stopped; give the exit status."""
    raise NotImplementedError(config)

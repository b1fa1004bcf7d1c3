"""An operator at the command line, with the settings of the service."""

import os
import subprocess
from collections.abc import Mapping
from typing import Any

import msgspec

from tests.e2e.service_process import COMMAND

TIMEOUT = 60.0
"""Seconds that a command may take; only a test that fails waits so long."""


class Operator:
    """
    Runs commands.

    Args:
        settings: The environment that the service has.
    """

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings = settings

    def run(self, *arguments: str, status: int = 0) -> str:
        """Run `arguments`, which must end with `status`, and give what it printed."""
        others = [name for name in os.environ if name.startswith("CDC_AUDIT_")]
        done = subprocess.run(  # noqa: S603 - our own program
            [*COMMAND, *arguments],
            env={**os.environ, **dict.fromkeys(others, ""), **self._settings, "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        assert done.returncode == status, f"{done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def ask(self, *arguments: str, status: int = 0) -> Any:  # noqa: ANN401 - any JSON
        """Run it with ``--json``, and give what it printed, read."""
        return msgspec.json.decode(self.run(*arguments, "--json", status=status))

"""An OpenID Connect provider on loopback, in a process of its own."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Generator, Mapping
from typing import Any

import httpx

from adapters.embedded.ports import free_port
from tests.processes import wait_until


@contextlib.contextmanager
def openid_provider(*people: Mapping[str, Any]) -> Generator[str]:
    """
    Run a provider that knows `people`, each by her claims, among them ``sub``.

    Gives its address.
    """
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    claims = [part for one in people for part in ("--user-claims", json.dumps(one))]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), *claims]
    process = subprocess.Popen(  # noqa: S603 - our own arguments
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: _answers(issuer), what="the OpenID provider")
        yield issuer
    finally:
        process.terminate()
        process.wait()


def _answers(issuer: str) -> bool:
    try:
        return httpx.get(f"{issuer}/.well-known/openid-configuration").is_success
    except httpx.TransportError:
        return False

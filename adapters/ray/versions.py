"""Which program and which Python: a worker must be the same as the one that asks it."""

import msgspec

from adapters.ray.worker import versions_here
from domain.errors import ConfigurationError


class Versions(msgspec.Struct, frozen=True):
    """
    What a process runs.

    Attributes:
        program: Version of cdc-audit.
        python: Version of Python, ``3.11.7``.
    """

    program: str
    python: str


def our_versions() -> Versions:
    """Tell what this process runs."""
    return Versions(*versions_here())


def require_same(worker: Versions, ours: Versions) -> None:
    """
    Refuse a worker that may decode otherwise than we do. Patch releases of Python are alike.

    Raises:
        ConfigurationError: It runs another cdc-audit, or another Python.
    """
    if worker.program == ours.program and _minor(worker.python) == _minor(ours.python):
        return
    raise ConfigurationError(
        "ray.address",
        f"a worker of the Ray cluster runs cdc-audit {worker.program} on Python {worker.python}, "
        f"this service cdc-audit {ours.program} on Python {ours.python}. Rows would depend on "
        f"where they are made: install cdc-audit {ours.program} on Python {_minor(ours.python)} "
        f"on every node of the cluster, or set transform.engine to inprocess.",
    )


def _minor(python: str) -> str:
    return ".".join(python.split(".")[:2])

"""Settings of the Ray cluster that transforms."""

import msgspec

from domain.errors import ConfigurationError

LEAST_OBJECT_STORE = 80 * 1024 * 1024
"""Ray refuses to start with less than 75 MiB."""

MOST_WORKERS = 1_000
LONGEST_TIMEOUT = 3_600.0


class RayConfig(msgspec.Struct, kw_only=True):
    """
    Where Ray runs and how much of it is used.

    Attributes:
        address: Address of a cluster to join, ``host:port`` or ``auto``: this machine must be a
            node of it (``ray start --address=...``). A cluster with a token wants Ray's own
            ``RAY_AUTH_MODE=token`` and ``RAY_AUTH_TOKEN_PATH``. None starts a local Ray, on
            loopback only.
        min_actors: Actors that transform, one CPU each, that a quiet service keeps. With 0 it
            transforms in its own process, and actors come only with a burst.
        max_actors: Most actors of a burst; 0 takes one for each CPU that Ray sees. Where a cluster
            grows on demand, give a number: Ray sees the CPUs that are there.
        workers: So many actors always: as if it were given to both of them. 0 leaves it to them.
        idle_timeout: Seconds after which an actor above `min_actors` that had no batch is ended.
        object_store_bytes: Memory of a local Ray's object store; at least 80 MiB.
        namespace: Ray's namespace, under which its tools show the actors.
        start_timeout: Seconds within which Ray must have started or been joined, and from then on
            a worker have come.
        answer_timeout: Seconds within which a worker must have answered for a batch. One that has
            not is ended, and its batch is tried again.
    """

    address: str | None = None
    min_actors: int = 0
    max_actors: int = 0
    workers: int = 0
    idle_timeout: float = 60.0
    object_store_bytes: int = 256 * 1024 * 1024
    namespace: str = "cdc-audit"
    start_timeout: float = 60.0
    answer_timeout: float = 120.0

    @property
    def least(self) -> int:
        """Actors of a quiet service."""
        return self.workers or self.min_actors

    @property
    def most(self) -> int:
        """Most actors; 0 means one for each CPU that Ray sees."""
        return self.workers or self.max_actors

    def validate(self) -> None:
        """
        Check what the types do not say.

        Raises:
            ConfigurationError: A value is not allowed.
        """
        if self.address is not None:
            _validate_address(self.address)
        self._validate_crew()
        if self.object_store_bytes < LEAST_OBJECT_STORE:
            raise ConfigurationError(
                "ray.object_store_bytes",
                f"{self.object_store_bytes} is too small: at least {LEAST_OBJECT_STORE}.",
            )
        if not self.namespace.strip():
            raise ConfigurationError("ray.namespace", "it is empty. Give a name.")
        for name in ("start_timeout", "answer_timeout", "idle_timeout"):
            seconds = getattr(self, name)
            if not 0 < seconds <= LONGEST_TIMEOUT:
                raise ConfigurationError(
                    f"ray.{name}",
                    f"{seconds} is not a time in seconds: more than 0, at most {LONGEST_TIMEOUT}.",
                )

    def _validate_crew(self) -> None:
        for name in ("workers", "min_actors", "max_actors"):
            count = getattr(self, name)
            if not 0 <= count <= MOST_WORKERS:
                raise ConfigurationError(
                    f"ray.{name}", f"{count} is not within 0 to {MOST_WORKERS}."
                )
        if self.workers and (self.min_actors or self.max_actors):
            raise ConfigurationError(
                "ray.workers",
                f"{self.workers} actors always, and ray.min_actors or ray.max_actors say another "
                f"number: give either that one, or these two.",
            )
        if 0 < self.max_actors < self.min_actors:
            raise ConfigurationError(
                "ray.max_actors",
                f"{self.max_actors} is less than ray.min_actors ({self.min_actors}).",
            )


def _validate_address(address: str) -> None:
    if address == "auto":
        return
    if "://" in address:
        raise ConfigurationError(
            "ray.address",
            f"{address!r} is no address of a cluster. Ray's client protocol is not used: make "
            f"this machine a node of the cluster (ray start --address=host:port), and give "
            f"host:port here.",
        )
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise ConfigurationError(
            "ray.address", f"{address!r} is not host:port. Give it so, or 'auto'."
        )

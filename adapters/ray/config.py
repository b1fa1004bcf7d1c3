"""Settings of the Ray cluster that transforms."""

import msgspec


class RayConfig(msgspec.Struct, kw_only=True):
    """
    Where Ray runs and how much of it is used.

    Attributes:
        address: Address of a cluster to join; None starts a local one.
        workers: Actors that transform; 0 takes one for each CPU.
        object_store_bytes: Memory of a local cluster's object store.
    """

    address: str | None = None
    workers: int = 0
    object_store_bytes: int = 256 * 1024 * 1024

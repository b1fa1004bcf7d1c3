"""
The actor. It travels by value: this module's code, and nothing else of ours.

So it can say which cdc-audit its node has, even where there is none or another one; only
`prepare`, which is called after the versions were compared, imports the rest.
"""

import pickle
import platform
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version


def versions_here() -> tuple[str, str]:
    """Tell the versions of cdc-audit and of Python in this process."""
    try:
        return version("cdc-audit"), platform.python_version()
    except PackageNotFoundError:
        return "0+unknown", platform.python_version()


class TransformWorker:
    """
    Transforms batches on a node of the cluster. Stateless but for the plans that it caches.

    Args:
        pickled_work: A `TransformWork`, pickled.
    """

    def __init__(self, pickled_work: bytes) -> None:
        self._pickled_work = pickled_work
        self._work: Callable[[bytes], bytes] | None = None

    def versions(self) -> tuple[str, str]:
        """Tell the versions of cdc-audit and of Python here."""
        return versions_here()

    def prepare(self) -> None:
        """Load the decoder and the encoder."""
        self._load()

    def transform(self, packed: bytes) -> bytes:
        """Transform a packed batch."""
        work = self._work or self._load()
        return work(packed)

    def _load(self) -> Callable[[bytes], bytes]:
        work: Callable[[bytes], bytes] = pickle.loads(self._pickled_work)  # noqa: S301 - from our own service
        self._work = work
        return work

"""What a transformer that spreads its work tells about it: for metrics, and for the lanes."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import msgspec


class TransformLoad(msgspec.Struct, frozen=True, kw_only=True):
    """
    A transformer at one moment.

    Attributes:
        actors: Workers elsewhere that are there now.
        least: Those of a quiet service.
        most: Most of them in a burst.
        under_way: Batches that are being transformed, here and there.
        worth_under_way: So many batches at a time make use of all workers; 0 while they are not
            in use.
        decisions: Batches so far, by ``inprocess`` or ``ray``, and ``small``, ``quiet`` or
            ``burst``.
        seconds: Seconds of this process so far, by ``inprocess`` (decoding and encoding) or
            ``ray`` (shipping there and back).
    """

    actors: int = 0
    least: int = 0
    most: int = 0
    under_way: int = 0
    worth_under_way: int = 0
    decisions: Mapping[tuple[str, str], int] = {}
    seconds: Mapping[str, float] = {}


@runtime_checkable
class TellsLoad(Protocol):
    """A transformer that spreads its work."""

    def load(self) -> TransformLoad | None:
        """Tell what it does now; None if it spreads nothing. Cheap, and safe at any time."""
        ...


def load_of(transformer: object) -> TransformLoad | None:
    """Ask `transformer` for its load; None if it does not spread its work."""
    return transformer.load() if isinstance(transformer, TellsLoad) else None

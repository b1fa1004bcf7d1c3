"""What the lanes of a pipeline share: the ports, the ledger, and the rules of the whole."""

from typing import Protocol

import msgspec

from application.consumer_config import ConsumerConfig
from application.ledger import Ledger
from application.patience import Holds
from application.ports import AuditStore, BatchTransformer, SeekableSource
from application.topic_holds import TopicHolds
from application.transform_load import load_of
from domain.errors import FencedError


class LaneRules(Protocol):
    """What a lane asks and tells the pipeline that it is part of."""

    def now(self) -> float:
        """Seconds of the monotonic clock."""
        ...

    def freed(self, size: int) -> None:
        """So many bytes of queued records were stored or thrown away."""
        ...

    def fenced(self, error: FencedError) -> None:
        """Count it; raise `RivalWriterError` if it was one too many."""
        ...


class Stages(msgspec.Struct, frozen=True, kw_only=True):
    """
    What all lanes of a pipeline share.

    Attributes:
        source: Set back when a batch cannot be stored.
        transformer: Transforms.
        store: Stores.
        ledger: Told of what was stored.
        holds: Held while the store or the transformer is away.
        topics: Holds a topic in trouble, while the others go on.
        rules: The pipeline.
        config: Caps and floors.
    """

    source: SeekableSource
    transformer: BatchTransformer
    store: AuditStore
    ledger: Ledger
    holds: Holds
    topics: TopicHolds
    rules: LaneRules
    config: ConsumerConfig

    def worth_ahead(self) -> int:
        """So many batches ahead of the current one make use of all workers; 0 without any."""
        load = load_of(self.transformer)
        return 0 if load is None else load.worth_under_way

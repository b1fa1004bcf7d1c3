"""Which run of a connector a record is of: Debezium says so in a header, from 3.4 on."""

from collections.abc import Sequence

from domain.consumed import ConsumedRecord
from domain.redelivery import RunStretch, stretches

_RUN_HEADER = "__debezium.context.runId"
_LONGEST = 200


def run_of(record: ConsumedRecord) -> str | None:
    """The run that `record` names; None where it names none that can be told from others."""
    for name, value in record.headers:
        if name == _RUN_HEADER and value:
            run = value.decode("utf-8", "backslashreplace").replace("\0", r"\0")
            return run if len(run) <= _LONGEST else None
    return None


def runs_of(
    changes: Sequence[ConsumedRecord], positions: Sequence[str | None]
) -> tuple[RunStretch, ...]:
    """
    Cut the changes of one slice where another run of the connector begins.

    Args:
        changes: The records that are changes, in the order of their offsets.
        positions: The source position of each.
    """
    offsets = [change.offset for change in changes]
    return stretches(offsets, positions, lambda index: run_of(changes[index]))

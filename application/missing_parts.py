"""Says of an answer which open gaps and which open quarantine may belong into it."""

from collections.abc import Collection, Sequence

from application.reading_ports import MissingPartsReader
from application.trail_query import StoredRecord
from domain.missing_part import Incompleteness

MOST_PARTS = 20
"""Missing parts that an answer names; of more it says that there are more."""


async def among(
    missing: MissingPartsReader,
    changes: Sequence[StoredRecord],
    *,
    since: int | None = None,
    until: int | None = None,
) -> Incompleteness:
    """
    What is missing in an interval from the streams that `changes` came from.

    Args:
        missing: Knows what is missing.
        changes: The answer; an empty one may lack something of any stream.
        since: From this time on; microseconds since 1970, UTC.
        until: Before this time.
    """
    streams: Collection[int] | None = {stored.record.stream_id for stored in changes} or None
    return await missing.missing(streams=streams, since=since, until=until, limit=MOST_PARTS)

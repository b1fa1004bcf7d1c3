"""What an answer may lack, as `/api/v1` tells it: with the links to look it up."""

from collections.abc import Sequence

import msgspec

from domain.missing_part import Incompleteness, MissingKind


class MissingPart(msgspec.Struct, frozen=True, kw_only=True):
    """
    An open gap, or an open record of the quarantine, that may belong into the answer.

    `next_offset` is behind what is missing; it is `first_offset` where nobody can say. `url` is
    where the API tells more.
    """

    kind: MissingKind
    id: int
    url: str
    topic: str
    stream: int
    partition: int
    first_offset: int
    next_offset: int
    cause: str


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """Why an answer may be incomplete: no parts where nothing says that it may be."""

    parts: Sequence[MissingPart]
    has_more: bool


_WHERE = {MissingKind.GAP: "/api/v1/gaps", MissingKind.QUARANTINE: "/api/v1/quarantine"}


def missing_out(*found: Incompleteness) -> Missing:
    """Show what is missing; of several, each part once."""
    parts = {(part.kind, part.id): part for one in found for part in one.parts}
    return Missing(
        parts=[
            MissingPart(
                kind=part.kind,
                id=part.id,
                url=f"{_WHERE[part.kind]}/{part.id}",
                topic=part.topic,
                stream=part.stream_id,
                partition=part.partition,
                first_offset=part.first_offset,
                next_offset=part.next_offset,
                cause=part.cause,
            )
            for part in parts.values()
        ],
        has_more=any(one.has_more for one in found),
    )

"""
What a fault has cost: the trail, held against the producer's own list, place by place.

    written at a place, and not in the trail ............ lost
    in the trail once more than it was written .......... repeated
    in the trail, and not what was written there ........ invented

Heartbeats and tombstones are only counted: for them, and for offsets without a record, the counts
must agree.
"""

import collections
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from domain.disposition import Disposition
from tests.e2e.messages import Message
from tests.e2e.trail_check import Trail
from tests.e2e.written_topic import Place, WrittenTopic

_IN_STREAM = "stream_id = (SELECT max(stream_id) FROM kafka_stream WHERE topic = %(topic)s)"
_STORED = f"""
SELECT kafka_partition, kafka_offset,
    jsonb_build_array('row', operation, record_key, old_data::text, new_data::text)::text AS content
FROM audit_logging WHERE {_IN_STREAM}
UNION ALL
SELECT kafka_partition, kafka_offset, jsonb_build_array('control', kind, payload::text)::text
FROM control_message WHERE {_IN_STREAM}
UNION ALL
SELECT kafka_partition, kafka_offset,
    jsonb_build_array('quarantined', encode(raw_key, 'hex'), encode(raw_value, 'hex'))::text
FROM processing_error WHERE {_IN_STREAM}
"""  # noqa: S608 - constants
_ACCOUNTING = f"SELECT * FROM audit_accounting WHERE {_IN_STREAM}"  # noqa: S608 - constants

Content = tuple[Any, ...]


class Comparison(msgspec.Struct, frozen=True):
    """
    What was found.

    Attributes:
        records: How many were written.
        lost: Written, and not in the trail.
        repeated: In the trail more often than written.
        invented: In the trail, and never written so.
        unaccounted: Where the accounting identity does not hold, in words.
    """

    records: int
    lost: Sequence[Place] = ()
    repeated: Sequence[Place] = ()
    invented: Sequence[Place] = ()
    unaccounted: Sequence[str] = ()

    @property
    def is_clean(self) -> bool:
        """Whether the fault has cost nothing."""
        return not (self.lost or self.repeated or self.invented or self.unaccounted)


def compare(trail: Trail, topic: WrittenTopic) -> Comparison:
    """Hold the trail, which has caught up, against what was written to `topic`."""
    stored = _stored(trail, topic)
    true = {place: content for place, m in topic.records.items() if (content := _content(m))}
    return Comparison(
        records=len(topic.records),
        lost=[place for place, content in true.items() if content not in stored.get(place, ())],
        repeated=[place for place, copies in stored.items() for _ in copies[1:]],
        invented=[
            place
            for place, copies in stored.items()
            for content in copies
            if content != true.get(place)
        ],
        unaccounted=list(_unaccounted(trail, topic)),
    )


def _stored(trail: Trail, topic: WrittenTopic) -> Mapping[Place, Sequence[Content]]:
    found: dict[Place, list[Content]] = {}
    for row in trail.query(_STORED, topic=topic.name):
        content = tuple(msgspec.json.decode(row["content"]))
        found.setdefault((row["kafka_partition"], row["kafka_offset"]), []).append(content)
    return found


def _content(message: Message) -> Content | None:
    """What the trail must have of `message`; None where it is only counted."""
    if message.row is not None:
        row = message.row
        return ("row", row.operation, row.key, row.old, row.new)
    value = message.value or b""
    if message.control is not None:
        return ("control", message.control, value.decode())
    if message.disposition is Disposition.QUARANTINED:
        return ("quarantined", (message.key or b"").hex(), value.hex())
    return None


def _unaccounted(trail: Trail, topic: WrittenTopic) -> Iterator[str]:
    written = collections.Counter((p, m.disposition) for (p, _), m in topic.records.items())
    for account in trail.query(_ACCOUNTING, topic=topic.name):
        true = {str(d): written[account["partition"], d] for d in Disposition}
        # Every other offset carries no record: it ends a transaction, or was aborted.
        true["absent"] = account["next_offset"] - sum(true.values())
        told = {name: account[name] for name in true}
        if account["first_offset"] or account["unaccounted"] or told != true:
            yield f"written: {true}; accounted: {dict(account)}"

"""
Holds the trail against the list of what was written: offset by offset, value by value.

Nothing may be missing, nothing be there twice, and every offset be accounted for.
"""

import collections
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row

from adapters.postgres.config import DatabaseConfig
from domain.disposition import Disposition
from tests.e2e.messages import TrailRow
from tests.e2e.written_topic import Place, WrittenTopic

_STREAM = "SELECT max(stream_id) FROM kafka_stream WHERE topic = %(topic)s"
_ROWS = f"""
SELECT kafka_partition, kafka_offset, operation, record_key AS key,
    old_data::text AS old, new_data::text AS new
FROM audit_logging WHERE stream_id = ({_STREAM})
"""  # noqa: S608 - constants
_CONTROL = f"""
SELECT kafka_partition, kafka_offset, kind, payload::text AS payload
FROM control_message WHERE stream_id = ({_STREAM})
"""  # noqa: S608 - constants
_QUARANTINE = f"""
SELECT kafka_partition, kafka_offset, raw_key, raw_value
FROM processing_error WHERE stream_id = ({_STREAM})
"""  # noqa: S608 - constants
_ACCOUNTING = f"""
SELECT * FROM audit_accounting WHERE stream_id = ({_STREAM}) ORDER BY partition
"""  # noqa: S608 - constants


class Trail:
    """
    The trail, as its readers have it.

    Args:
        database: Where it is.
    """

    def __init__(self, database: DatabaseConfig) -> None:
        self._conninfo = database.conninfo

    def query(self, statement: str, **values: object) -> list[dict[str, Any]]:
        """Ask the database."""
        with (
            psycopg.connect(self._conninfo) as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            return cursor.execute(statement.encode(), values).fetchall()

    def accounting(self, topic: WrittenTopic) -> Sequence[Mapping[str, Any]]:
        """What became of the offsets of the topic's present life, by partition."""
        return self.query(_ACCOUNTING, topic=topic.name)

    def writers(self, topic: WrittenTopic) -> set[str | None]:
        """Who has claimed or moved the topic's partitions last."""
        return {account["writer"] for account in self.accounting(topic)}

    def stored(self, topic: WrittenTopic) -> int:
        """How many offsets of the topic are behind us."""
        accounts = self.accounting(topic)
        return sum(account["next_offset"] - account["first_offset"] for account in accounts)

    def has_caught_up(self, topic: WrittenTopic) -> bool:
        """Whether the trail is at the end of every partition."""
        positions = {a["partition"]: a["next_offset"] for a in self.accounting(topic)}
        return positions == topic.ends()

    def unaccounted(self, topic: WrittenTopic) -> Sequence[str]:
        """
        Say where the rows that are there do not fit the offsets, at any time.

        A batch of which a part was stored would have rows beyond the offset, or too few before it.
        """
        rows = collections.Counter(p for p, _ in self._by_place(_ROWS, topic))
        problems: list[str] = []
        for account in self.accounting(topic):
            counted = account["audited"] + account["baseline"]
            if account["unaccounted"] or rows[account["partition"]] != counted:
                problems.append(f"{rows[account['partition']]} rows: {account}")
        return problems

    def faults(self, topic: WrittenTopic) -> Sequence[str]:
        """Say in what way the trail is wrong, once it has caught up; nothing is right."""
        found = [*self._wrong_rows(topic), *self._wrong_control(topic)]
        found += [*self._wrong_quarantine(topic), *self._wrong_accounts(topic)]
        return found[:20]

    def _wrong_rows(self, topic: WrittenTopic) -> Iterator[str]:
        told = {
            place: TrailRow(**row) for place, row in self._by_place(_ROWS, topic).items() if row
        }
        true = {place: m.row for place, m in topic.records.items() if m.row is not None}
        yield from _differences("row", true, told)
        yield from self._twice(_ROWS, topic)

    def _wrong_control(self, topic: WrittenTopic) -> Iterator[str]:
        true = {
            place: {"kind": m.control, "payload": (m.value or b"").decode()}
            for place, m in topic.records.items()
            if m.control is not None
        }
        yield from _differences("control message", true, self._by_place(_CONTROL, topic))

    def _wrong_quarantine(self, topic: WrittenTopic) -> Iterator[str]:
        true = {
            place: {"raw_key": m.key, "raw_value": m.value}
            for place, m in topic.records.items()
            if m.disposition is Disposition.QUARANTINED
        }
        yield from _differences("quarantined record", true, self._by_place(_QUARANTINE, topic))

    def _wrong_accounts(self, topic: WrittenTopic) -> Iterator[str]:
        counted = collections.Counter(
            (partition, m.disposition.value) for (partition, _), m in topic.records.items()
        )
        for account in self.accounting(topic):
            partition = account["partition"]
            if account["unaccounted"] or account["absent"]:
                yield f"partition {partition}: unaccounted or absent offsets: {account}"
            for disposition in Disposition:
                true, told = counted[partition, disposition.value], account[disposition.value]
                if true != told:
                    yield f"partition {partition}: {told} {disposition.value}, not {true}"

    def _twice(self, statement: str, topic: WrittenTopic) -> Iterator[str]:
        rows = self.query(statement, topic=topic.name)
        times = collections.Counter((r["kafka_partition"], r["kafka_offset"]) for r in rows)
        yield from (f"{place} is there {n} times" for place, n in times.items() if n > 1)

    def _by_place(self, statement: str, topic: WrittenTopic) -> dict[Place, dict[str, Any]]:
        rows = self.query(statement, topic=topic.name)
        return {(row.pop("kafka_partition"), row.pop("kafka_offset")): row for row in rows}


def _differences(
    what: str, true: Mapping[Place, object], told: Mapping[Place, object]
) -> Iterator[str]:
    for place in sorted({*true, *told}):
        if true.get(place) != told.get(place):
            yield f"{what} at {place}: {told.get(place)} in the trail, {true.get(place)} written"

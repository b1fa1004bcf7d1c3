"""What belongs to one transaction of a source, by the indexes on its id."""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import sql

from adapters.postgres.reading import Reading, Row
from adapters.postgres.stored_rows import SELECTED, stored_record
from adapters.postgres.time_text import time_text
from adapters.postgres.trail_filters import IS_NO_REDELIVERY
from application.trail_query import StoredControl, StoredRecord
from domain.control import ControlKind, ControlMessage
from domain.transaction_identity import WINDOW, TransactionIdentity

_MICROSECONDS = sql.SQL(
    "trunc(extract(epoch FROM {} - '2000-01-01+00'::timestamptz) * 1000000) + 946684800000000"
)

# First what has the id, by its index, whatever the planner thinks of the rest.
_WITH_ID = sql.SQL("""
WITH t AS MATERIALIZED (
    SELECT {columns} FROM audit_logging AS t
    WHERE t.transaction_id = %(transaction_id)s AND {no_redelivery} AND {times}
)
""")
_WHOSE = sql.SQL("t.stream_id, t.source_name, t.source_database, t.change_timestamp")

_IS_TRANSACTION = sql.SQL("""s.cluster_id = %(cluster_id)s
    AND t.source_name IS NOT DISTINCT FROM %(source_name)s
    AND t.source_database IS NOT DISTINCT FROM %(source_database)s""")

# One row for each source; those further back in time are asked for one by one.
_NEWEST = sql.SQL("""{with_id}
SELECT s.cluster_id, t.source_name, t.source_database, {time}
FROM t JOIN kafka_stream AS s USING (stream_id)
WHERE %(source_name)s::text IS NULL OR t.source_name = %(source_name)s
GROUP BY 1, 2, 3
""").format(
    with_id=_WITH_ID.format(columns=_WHOSE, no_redelivery=IS_NO_REDELIVERY, times=sql.SQL("true")),
    time=_MICROSECONDS.format(sql.SQL("max(t.change_timestamp)")),
)

_EARLIER = sql.SQL("""{with_id}
SELECT {time}
FROM t JOIN kafka_stream AS s USING (stream_id)
WHERE {is_transaction}
""").format(
    with_id=_WITH_ID.format(
        columns=_WHOSE,
        no_redelivery=IS_NO_REDELIVERY,
        times=sql.SQL("t.change_timestamp < %(before)s::timestamptz"),
    ),
    time=_MICROSECONDS.format(sql.SQL("max(t.change_timestamp)")),
    is_transaction=_IS_TRANSACTION,
)

_CHANGES = sql.SQL("""{with_id}
SELECT {selected}
FROM t JOIN kafka_stream AS s USING (stream_id)
WHERE {is_transaction}
ORDER BY t.transaction_order NULLS LAST,
    t.change_timestamp, t.stream_id, t.kafka_partition, t.kafka_offset
LIMIT %(limit)s
""").format(
    with_id=_WITH_ID.format(
        columns=sql.SQL("t.*"),
        no_redelivery=IS_NO_REDELIVERY,
        times=sql.SQL("t.change_timestamp BETWEEN %(from)s::timestamptz AND %(to)s::timestamptz"),
    ),
    selected=SELECTED,
    is_transaction=_IS_TRANSACTION,
)

_BOUNDARIES = sql.SQL("""
SELECT c.stream_id, c.kafka_partition, c.kafka_offset, {kafka_time}, c.kind, c.source_name,
    c.transaction_id, c.record_key, c.payload::text, c.headers::text, s.topic, {recorded_at}
FROM control_message AS c JOIN kafka_stream AS s USING (stream_id)
WHERE c.transaction_id = %(transaction_id)s AND s.cluster_id = %(cluster_id)s
    AND c.kind IN ('transaction_begin', 'transaction_end')
    AND (c.source_name IS NULL OR c.source_name = %(source_name)s)
    AND (c.kafka_timestamp IS NULL
        OR c.kafka_timestamp BETWEEN %(from)s::timestamptz AND %(to)s::timestamptz)
ORDER BY c.stream_id, c.kafka_partition, c.kafka_offset
""").format(
    kafka_time=_MICROSECONDS.format(sql.SQL("c.kafka_timestamp")),
    recorded_at=_MICROSECONDS.format(sql.SQL("c.recorded_at")),
)


class PostgresTransactionReader:
    """
    Reads transactions.

    Args:
        reading: Lends sessions.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def transactions(
        self, transaction_id: str, *, source_name: str | None, limit: int
    ) -> Sequence[tuple[TransactionIdentity, int]]:
        wanted = {"transaction_id": transaction_id, "source_name": source_name}
        newest = await self._reading.kept_rows(_NEWEST, wanted)
        found = [
            (TransactionIdentity(cluster, name, database, transaction_id), int(at))
            for cluster, name, database, at in newest
        ]
        for identity, at in found:
            if len(found) <= limit and (earlier := await self._before(identity, at)) is not None:
                found.append((identity, earlier))
        return sorted(found, key=lambda one: -one[1])[:limit]

    async def changes_in(
        self, transaction: TransactionIdentity, *, at: int, limit: int
    ) -> Sequence[StoredRecord]:
        found = await self._reading.kept_rows(
            _CHANGES, {**_parameters(transaction), **_window(at), "limit": limit}
        )
        return [stored_record(row) for row in found]

    async def boundaries_of(
        self, transaction: TransactionIdentity, *, at: int
    ) -> Sequence[StoredControl]:
        parameters = {**_parameters(transaction), **_window(at)}
        return [_control(row) for row in await self._reading.kept_rows(_BOUNDARIES, parameters)]

    async def _before(self, transaction: TransactionIdentity, at: int) -> int | None:
        """The newest change with this name that is too old for the same transaction."""
        parameters = {**_parameters(transaction), "before": time_text(at - WINDOW)}
        ((earlier,),) = await self._reading.kept_rows(_EARLIER, parameters)
        return None if earlier is None else int(earlier)


def _parameters(transaction: TransactionIdentity) -> Mapping[str, Any]:
    return {
        "transaction_id": transaction.transaction_id,
        "cluster_id": transaction.cluster_id,
        "source_name": transaction.source_name,
        "source_database": transaction.source_database,
    }


def _window(at: int) -> Mapping[str, str]:
    return {"from": time_text(at - WINDOW), "to": time_text(at + WINDOW)}


def _control(row: Row) -> StoredControl:
    stream_id, partition, offset, kafka_time, kind, source_name, *rest = row
    transaction_id, record_key, payload, headers, topic, recorded_at = rest
    message = ControlMessage(
        stream_id=stream_id,
        kafka_partition=partition,
        kafka_offset=offset,
        kafka_timestamp=None if kafka_time is None else int(kafka_time),
        kind=ControlKind(kind),
        source_name=source_name,
        transaction_id=transaction_id,
        record_key=record_key,
        payload=payload,
        headers=headers,
    )
    return StoredControl(message, topic, int(recorded_at))

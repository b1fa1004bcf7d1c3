"""Counts of the trail over the last days, in one pass."""

from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import dict_row

_COUNT = """
    SELECT t.source_table, t.operation, t.change_user,
        (t.change_timestamp AT TIME ZONE 'UTC')::date::text AS day, count(*) AS changes,
        min(t.change_timestamp) AS first, max(t.change_timestamp) AS last
    FROM audit_logging AS t
    WHERE t.change_timestamp >= clock_timestamp() - make_interval(days => %(days)s)
        AND (%(source_table)s::text IS NULL OR t.source_table = %(source_table)s)
        AND NOT EXISTS (
            SELECT FROM audit_redelivery AS r
            WHERE r.stream_id = t.stream_id AND r.kafka_partition = t.kafka_partition
                AND r.kafka_offset = t.kafka_offset AND r.certainty = 'certain'
        )
    GROUP BY 1, 2, 3, 4
    ORDER BY 4, 1, 2, 3
"""


async def read_statistics(
    connection: AsyncConnection, source_table: str | None, days: int
) -> dict[str, Any]:
    """The documented statistics; snapshot rows are counted apart, since they are no changes."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_COUNT, {"source_table": source_table, "days": days})
        groups = await cursor.fetchall()
    changes = [group for group in groups if group["operation"] != "SNAPSHOT"]
    return {
        "source_table": source_table,
        "days": days,
        "total_changes": sum(group["changes"] for group in changes),
        "baseline_rows": sum(group["changes"] for group in groups)
        - sum(group["changes"] for group in changes),
        "by_operation": _sums(changes, "operation"),
        "by_table": _sums(changes, "source_table"),
        "by_day": _sums(changes, "day"),
        "by_user": _sums([group for group in changes if group["change_user"]], "change_user"),
        "first_change": min((group["first"] for group in changes), default=None),
        "last_change": max((group["last"] for group in changes), default=None),
    }


def _sums(groups: list[dict[str, Any]], name: str) -> dict[str, int]:
    sums: dict[str, int] = {}
    for group in groups:
        sums[group[name]] = sums.get(group[name], 0) + group["changes"]
    return sums

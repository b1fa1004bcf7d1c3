"""
The plans of statements as they were executed: of the very statements that adapters send.

    adapter ──▶ session ──▶ PostgreSQL, auto_explain ──▶ a notice for each statement ──▶ here

What is sent with EXPLAIN before it may get another plan: it is not the prepared one that is kept.
"""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import msgspec
import psycopg
from psycopg import sql

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.pool import Access, SessionPool, open_pool

_TOLD = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_timing": "off",
    "auto_explain.log_format": "json",
    "client_min_messages": "log",
}


class Scan(NamedTuple):
    """
    One executed scan of the trail.

    Attributes:
        node: Kind of node.
        name: The index, or the partition where the node names none.
        rows: How many rows it gave or left out by a filter, in all its loops.
    """

    node: str
    name: str
    rows: int


class ExecutedPlans:
    """What one session executed since it was last cleared."""

    def __init__(self) -> None:
        self.plans: list[Mapping[str, Any]] = []

    def note(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        """Take a notice; those that are no plan are left out."""
        _, found, plan = (diagnostic.message_primary or "").partition("plan:\n")
        if found:
            self.plans.append(msgspec.json.decode(plan)["Plan"])

    def clear(self) -> None:
        """Forget them."""
        self.plans.clear()

    def start_workers(self) -> bool:
        """Whether a statement was to start parallel workers: that alone takes long."""
        return any(n["Node Type"].startswith("Gather") for p in self.plans for n in _nodes(p))

    def scans(self) -> Sequence[Scan]:
        """Every scan of the trail that was executed."""
        return [
            Scan(
                node["Node Type"],
                node.get("Index Name") or node["Relation Name"],
                (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
                * node["Actual Loops"],
            )
            for plan in self.plans
            for node in _nodes(plan)
            if node["Actual Loops"] and _is_of_trail(node)
        ]


@asynccontextmanager
async def explained_pool(
    config: DatabaseConfig,
) -> AsyncGenerator[tuple[SessionPool, ExecutedPlans]]:
    """Open a reader's pool of a single session, and note what that executes."""
    with psycopg.connect(config.conninfo, autocommit=True) as server:
        server.execute("LOAD 'auto_explain'")
        for name, value in _TOLD.items():
            told = sql.SQL("ALTER DATABASE {} SET {} = {}").format(
                sql.Identifier(config.database),
                sql.Identifier(*name.split(".")),
                sql.Literal(value),
            )
            server.execute(told)
    single = msgspec.structs.replace(config, pool_size=1, max_overflow=0)
    plans = ExecutedPlans()
    async with open_pool(single, access=Access.READ) as pool:
        async with pool.lease() as session:
            session.add_notice_handler(plans.note)
        yield pool, plans


def _is_of_trail(node: Mapping[str, Any]) -> bool:
    name: str = node.get("Relation Name") or node.get("Index Name") or ""
    return name.startswith("audit_logging")


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)

"""`/api/v1/transactions`, `/statistics` and `/health`: more than one row, and the trail itself."""

import time as clock
from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.responses import Response

from application.trail_statistics import DAY
from entrypoints.http.api_answers import fresh
from entrypoints.http.api_changes import change_of
from entrypoints.http.api_operation import Asked, Operation
from entrypoints.http.api_parameters import BadParameterError
from entrypoints.http.api_problems import NOT_FOUND
from entrypoints.http.api_schemas import SINCE, SOURCE, UNTIL, limit, text
from entrypoints.http.api_trail_structs import (
    StatisticsOut,
    TrailHealthOut,
    health_out,
    statistics_out,
)
from entrypoints.http.api_transaction_structs import (
    Transactions,
    WholeTransaction,
    transaction_out,
    transactions_out,
)
from entrypoints.http.looks import note_rows

_MOST_CHANGES = 10_000
_USUAL_CHANGES = 1000
_BUSIEST = 20


async def transactions(asked: Asked) -> Response:
    """All transactions with one id."""
    wanted, source = asked.arguments.needed("id"), asked.arguments.text("source")
    most = asked.arguments.limit(_USUAL_CHANGES, _MOST_CHANGES)
    shows = asked.site.questions.transaction
    found = await shows.named(wanted, source_name=source)
    answers = [await shows.show(one, limit=most) for one in found]
    note_rows(asked.request, sum(len(answer.changes) for answer in answers))
    return fresh(transactions_out(answers))


async def transaction_of(asked: Asked) -> Response:
    """The transaction of a change."""
    stored = await change_of(asked)
    found = await asked.site.questions.transaction.of(stored)
    if found is None:
        raise HTTPException(NOT_FOUND, f"change {stored.id} names no transaction.")
    note_rows(asked.request, len(found.changes))
    return fresh(transaction_out(found))


async def statistics(asked: Asked) -> Response:
    """What happened in an interval."""
    arguments = asked.arguments
    until = arguments.time("until") or _now()
    since = arguments.time("since")
    since = until - DAY if since is None else since
    if since > until:
        raise BadParameterError("until", "is before `since`: exchange the two.")
    most = arguments.limit(_BUSIEST)
    table = arguments.text("table")
    found = await asked.site.questions.statistics.between(
        since, until, source_table=table, limit=most
    )
    note_rows(asked.request, len(found.tables))
    return fresh(statistics_out(found))


async def health(asked: Asked) -> Response:
    """What the trail says of itself."""
    report = await asked.site.questions.health.report(_now())
    note_rows(asked.request, len(report.accounting))
    return fresh(health_out(report))


def _now() -> int:
    return clock.time_ns() // 1000


TRAIL_OPERATIONS: Sequence[Operation] = (
    Operation(
        name="findTransactions",
        path="/transactions",
        about="Every transaction with an id, newest first, with its changes in order.",
        handle=transactions,
        gives=Transactions,
        parameters=(
            text("id", "The connector's own id.", required=True),
            SOURCE,
            limit(_USUAL_CHANGES, _MOST_CHANGES),
        ),
    ),
    Operation(
        name="transactionOfChange",
        path="/transactions/of/{id}",
        about="The transaction of a change, with its changes in order, over all tables.",
        handle=transaction_of,
        gives=WholeTransaction,
        problems=(404,),
    ),
    Operation(
        name="statistics",
        path="/statistics",
        about="Changes by table, hour, row and writer in an interval: the last day unless told.",
        handle=statistics,
        gives=StatisticsOut,
        parameters=(SINCE, UNTIL, text("table", "Bare name of a table."), limit(_BUSIEST)),
    ),
    Operation(
        name="trailHealth",
        path="/health",
        about="Gaps, open quarantine, accounting, coverage, and tables that are silent.",
        handle=health,
        gives=TrailHealthOut,
    ),
)

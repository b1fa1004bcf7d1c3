"""`/api/v1/gaps`, `/quarantine` and `/access-log`: what somebody looks after."""

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.responses import Response

from application.access_log import AccessLog
from application.acknowledge_gap import LONGEST_TEXT, AcknowledgeGap
from application.gap_ledger import GapQuery
from application.quarantine_ledger import QuarantineLedger
from domain.access import NotAllowedError, Role
from domain.gap import LedgerGap
from domain.quarantine_entry import QuarantineEntry
from entrypoints.http.api_answers import fresh
from entrypoints.http.api_arguments import entry_number
from entrypoints.http.api_care_structs import (
    AccessLogOut,
    Gap,
    GapPage,
    Quarantined,
    QuarantineDetail,
    QuarantinePage,
    Reason,
    Retried,
    RetryNow,
    entry_detail_out,
    entry_out,
    gap_out,
    look_out,
    retried_out,
)
from entrypoints.http.api_operation import Asked, Operation
from entrypoints.http.api_parameters import BadParameterError
from entrypoints.http.api_problems import CONFLICT, NOT_FOUND
from entrypoints.http.api_schemas import (
    ENTRY_BEFORE,
    LIMIT,
    SINCE,
    TOPIC,
    UNTIL,
    flag,
    limit,
    text,
)
from entrypoints.http.looks import note_rows

_LOOKS = 100
_MOST_LOOKS = 1000


async def gaps(asked: Asked) -> Response:
    """A page of gaps."""
    arguments = asked.arguments
    most = arguments.limit(50)
    query = GapQuery(
        only_open=arguments.flag("open"),
        topic=arguments.text("topic"),
        before=arguments.number("before"),
        limit=most,
    )
    found = await asked.site.gaps.gaps(query)
    note_rows(asked.request, len(found))
    older = str(found[-1].id) if len(found) == most else None
    return fresh(GapPage(gaps=[gap_out(gap) for gap in found], older=older))


async def gap(asked: Asked) -> Response:
    """One gap."""
    return fresh(gap_out(await _gap(asked)))


async def acknowledge(asked: Asked) -> Response:
    """Take note of a gap."""
    found = await _gap(asked)
    reason = _reason(asked)
    if found.acknowledged is not None:
        by = found.acknowledged.by
        raise HTTPException(CONFLICT, f"gap {found.id} was acknowledged by {by}: that stays.")
    ledger = AcknowledgeGap(asked.site.gaps)
    noted = await ledger.acknowledge(found.id, by=asked.principal.name, reason=reason)
    return fresh(gap_out(noted))


async def quarantine(asked: Asked) -> Response:
    """A page of the quarantine."""
    query = asked.arguments.quarantined()
    found = await _ledger(asked).search(query)
    note_rows(asked.request, len(found))
    older = str(found[-1].error_id) if len(found) == query.limit else None
    return fresh(QuarantinePage(entries=[entry_out(entry) for entry in found], older=older))


async def entry(asked: Asked) -> Response:
    """One entry of the quarantine."""
    found = await _entry(asked)
    events = await _ledger(asked).history(found.error_id)
    with_bytes = asked.principal.role.includes(Role.OPERATOR)
    return fresh(entry_detail_out(found, events, with_bytes=with_bytes))


async def retry(asked: Asked) -> Response:
    """Retry an entry now."""
    found = await _entry(asked)
    if asked.site.retry is None:
        raise HTTPException(
            CONFLICT,
            f"no pipeline runs beside this page that could retry. `cdc-audit quarantine retry "
            f"{found.error_id}` does, and the service by itself while it runs.",
        )
    _open(found)
    return fresh(retried_out(await asked.site.retry(found)))


async def resolve(asked: Asked) -> Response:
    """Resolve an entry without a row in the trail."""
    found = await _entry(asked)
    reason = _reason(asked)
    _open(found)
    ledger = _ledger(asked)
    signed = f"{reason} ({asked.principal.name})"
    if not await ledger.resolve([found.error_id], reason=signed):
        raise HTTPException(CONFLICT, f"entry {found.error_id} was resolved meanwhile.")
    after = await ledger.find(found.error_id)
    return fresh(entry_out(after or found))


def access_log(log: AccessLog) -> Operation:
    """The operation that shows who looked."""

    async def looks(asked: Asked) -> Response:
        if asked.principal.tables.patterns:
            raise NotAllowedError(
                f"{asked.principal.name} may see some tables only: the access log tells of all."
            )
        most = asked.arguments.limit(_LOOKS, _MOST_LOOKS)
        found = [look_out(look) for look in await log.latest(most)]
        note_rows(asked.request, len(found))
        return fresh(AccessLogOut(looks=found))

    return Operation(
        name="accessLog",
        path="/access-log",
        about="Who looked at the trail: the latest looks, newest first.",
        handle=looks,
        gives=AccessLogOut,
        parameters=(limit(_LOOKS, _MOST_LOOKS),),
        role=Role.ADMIN,
    )


async def _gap(asked: Asked) -> LedgerGap:
    number = entry_number("id", asked.request.path_params["id"])
    found = await asked.site.gaps.find(number)
    note_rows(asked.request, int(found is not None))
    if found is None:
        raise HTTPException(NOT_FOUND, f"there is no gap {number}. `/api/v1/gaps` lists them.")
    return found


async def _entry(asked: Asked) -> QuarantineEntry:
    number = entry_number("id", asked.request.path_params["id"])
    found = await _ledger(asked).find(number)
    note_rows(asked.request, int(found is not None))
    if found is None:
        raise HTTPException(
            NOT_FOUND, f"the quarantine has no entry {number}. `/api/v1/quarantine` lists them."
        )
    return found


def _ledger(asked: Asked) -> QuarantineLedger:
    if asked.site.quarantine is None:
        raise HTTPException(NOT_FOUND, "the quarantine is not looked after from here.")
    return asked.site.quarantine


def _open(found: QuarantineEntry) -> None:
    if not found.is_open:
        raise HTTPException(CONFLICT, f"entry {found.error_id} was {found.resolution} already.")


def _reason(asked: Asked) -> str:
    reason: str = asked.body.reason.strip()
    if not 0 < len(reason) <= LONGEST_TEXT:
        raise BadParameterError(
            "reason", f"must have 1 to {LONGEST_TEXT} characters: it is kept, for whoever asks."
        )
    return reason


CARE_OPERATIONS: Sequence[Operation] = (
    Operation(
        name="listGaps",
        path="/gaps",
        about="Gaps of the trail, newest first, acknowledged ones too.",
        handle=gaps,
        gives=GapPage,
        parameters=(
            TOPIC,
            flag("open", "Only those that nobody took note of, and that need it."),
            ENTRY_BEFORE,
            LIMIT,
        ),
    ),
    Operation(
        name="getGap",
        path="/gaps/{id}",
        about="One gap.",
        handle=gap,
        gives=Gap,
        problems=(404,),
    ),
    Operation(
        name="acknowledgeGap",
        path="/gaps/{id}/acknowledge",
        about="Take note of a gap, once: somebody knows that changes may be missing.",
        handle=acknowledge,
        gives=Gap,
        method="POST",
        body=Reason,
        role=Role.OPERATOR,
        problems=(404, 409),
    ),
    Operation(
        name="listQuarantine",
        path="/quarantine",
        about="Records that could not be audited, newest first.",
        handle=quarantine,
        gives=QuarantinePage,
        parameters=(
            TOPIC,
            text("error_type", "Only with this class of error."),
            flag("open", "Only open ones, or only resolved ones; both without it."),
            SINCE,
            UNTIL,
            ENTRY_BEFORE,
            LIMIT,
        ),
        problems=(404,),
    ),
    Operation(
        name="getQuarantined",
        path="/quarantine/{id}",
        about="One record of the quarantine and its history; its bytes for operators.",
        handle=entry,
        gives=QuarantineDetail,
        problems=(404,),
    ),
    Operation(
        name="retryQuarantined",
        path="/quarantine/{id}/retry",
        about="Retry a record of the quarantine now.",
        handle=retry,
        gives=Retried,
        method="POST",
        body=RetryNow,
        role=Role.OPERATOR,
        problems=(404, 409),
    ),
    Operation(
        name="resolveQuarantined",
        path="/quarantine/{id}/resolve",
        about="Resolve a record of the quarantine without a row in the trail.",
        handle=resolve,
        gives=Quarantined,
        method="POST",
        body=Reason,
        role=Role.OPERATOR,
        problems=(404, 409),
    ),
)

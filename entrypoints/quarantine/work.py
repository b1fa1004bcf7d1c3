"""Doing something to many entries, and telling on a terminal how far it is."""

import json
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

import msgspec
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from application.quarantine_ledger import QuarantineQuery
from application.rebuilt_record import RebuildRecord
from application.retry_quarantined import RetryOutcome, RetryReport
from domain.errors import CdcAuditError, SourceUnavailableError
from domain.quarantine_entry import QuarantineEntry
from entrypoints.quarantine.opened import matching, open_ledger, open_rebuild, open_retrying
from entrypoints.quarantine.printing import print_retries
from entrypoints.quarantine.told import told_line, told_retries
from entrypoints.settings import AppConfig

_NOT_THERE = (
    "is not there, or the other options leave it out. `cdc-audit quarantine list` shows which "
    "there are."
)


async def retry_and_tell(
    config: AppConfig, query: QuarantineQuery, *, is_rehearsal: bool, as_json: bool
) -> bool:
    """
    Retry every open entry that `query` matches, or only tell how that would end.

    Returns:
        Whether all of them, and all that were named, are in their places now, or would be.

    Raises:
        CdcAuditError: Something is away. What was retried until then is, and was told.
    """
    reports: list[RetryReport] = []
    try:
        await _retry(config, query, reports, is_rehearsal=is_rehearsal)
    except CdcAuditError:
        if reports:
            _tell(reports, (), is_rehearsal=is_rehearsal, as_json=as_json)
        raise
    others = sorted({*(query.error_ids or ())} - {report.entry.error_id for report in reports})
    _tell(reports, others, is_rehearsal=is_rehearsal, as_json=as_json)
    return not others and all(report.outcome is not RetryOutcome.FAILED for report in reports)


async def _retry(
    config: AppConfig,
    query: QuarantineQuery,
    reports: list[RetryReport],
    *,
    is_rehearsal: bool,
) -> None:
    with _progress("rehearsed" if is_rehearsal else "retried") as step:
        async with open_retrying(config) as retrying:
            tried = retrying.retry.rehearse if is_rehearsal else retrying.retry.retry
            async for page in matching(retrying.ledger, query):
                for entry in page:
                    reports.append(await tried(entry))
                    step()


def _tell(
    reports: Sequence[RetryReport], others: Sequence[int], *, is_rehearsal: bool, as_json: bool
) -> None:
    if not as_json:
        print_retries(reports, others, is_rehearsal=is_rehearsal)
        return
    found = {**told_retries(reports, is_rehearsal=is_rehearsal), "not_open": others}
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n")


async def export_matching(
    config: AppConfig, query: QuarantineQuery, *, decrypt: bool
) -> tuple[int, Sequence[str]]:
    """
    Write every entry that `query` matches as a line that `cdc-audit decode` reads.

    Returns:
        How many lines, and why others, also of those that were named, were left out.
    """
    rebuild, count, left_out = open_rebuild(config), 0, list[str]()
    not_there = {*(query.error_ids or ())}
    async with open_ledger(config, is_writing=False) as ledger:
        async for page in matching(ledger, query):
            for entry in page:
                not_there.discard(entry.error_id)
                line = await _line(rebuild, entry, left_out, decrypt=decrypt)
                if line is not None:
                    sys.stdout.write(f"{line}\n")
                    count += 1
    left_out += [f"entry {number} {_NOT_THERE}" for number in sorted(not_there)]
    return count, left_out


async def _line(
    rebuild: RebuildRecord, entry: QuarantineEntry, left_out: list[str], *, decrypt: bool
) -> str | None:
    if entry.record.encryption_key_id is not None and not decrypt:
        left_out.append(f"entry {entry.error_id} is encrypted: --raw opens it")
        return None
    try:
        record = await rebuild.rebuild(entry)
    except SourceUnavailableError:
        raise
    except CdcAuditError as error:
        left_out.append(f"entry {entry.error_id}: {error}")
        return None
    return json.dumps(told_line(record, entry.error_id))


@contextmanager
def _progress(what: str) -> Generator[Callable[[], None]]:
    """Count on standard error, where that is a terminal."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.completed} {task.description}"))
    with Progress(
        *columns,
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        task = progress.add_task(what, total=None)
        yield lambda: progress.advance(task)

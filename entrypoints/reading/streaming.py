"""Changes one after the other: exports of any search, the latest ones, and those that follow."""

import sys
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import msgspec

from entrypoints.http.api_parameters import Filters
from entrypoints.http.api_structs import Change
from entrypoints.reading.answers import Answers, Search
from entrypoints.reading.exporting import Format, written
from entrypoints.reading.opened import Shown, stream
from entrypoints.reading.printing import Printer, warn
from entrypoints.reading.where import Question, Where


def export_matching(
    where: Where, filters: Filters, kind: Format, output: Path | None, *, is_safe: bool
) -> bool:
    """
    Write all changes that match; gives whether there are any.

    What may be missing from them is said on standard error, before the first one.

    Raises:
        BadParameter: The file cannot be written, or a filter cannot be understood.
        CdcAuditError: The trail cannot be read to the end; then no file has the output's name.
    """
    found = False

    async def work(answers: Answers, shown: Shown) -> None:
        nonlocal found
        page = await answers.search(Search(filters=filters, limit=1))
        warn(page.may_be_incomplete)
        found = bool(page.changes)
        with written(output) as file:
            async with aclosing(answers.export(filters, kind, is_safe=is_safe)) as pieces:
                async for piece in pieces:
                    file.write(piece.data)
                    shown.rows += piece.rows

    stream(where, Question("export", {**filters.used(), "format": kind}), work)
    return found


def show_latest(
    where: Where, filters: Filters, number: int, *, follows: bool, as_json: bool
) -> int:
    """
    Show the latest changes, oldest first, and those that follow; gives how many.

    Raises:
        BadParameter: A filter cannot be understood.
        CdcAuditError: The trail cannot be read now.
    """
    show = _show_line if as_json else Printer().change_line

    async def work(answers: Answers, shown: Shown) -> None:
        page = await answers.search(Search(filters=filters, limit=max(number, 1)))
        if not as_json:
            warn(page.may_be_incomplete)
        latest = list(page.changes[:number])[::-1]
        for change in latest:
            _each(change, show, shown)
        if not follows:
            return
        seen = {change.id for change in latest}  # committed while the page was read: once is enough
        async with aclosing(answers.follow(filters, page.cursor)) as changes:
            async for change in changes:
                if change.id not in seen:
                    _each(change, show, shown)

    return stream(where, Question("tail", {**filters.used(), "follow": follows}), work)


def _each(change: Change, show: Callable[[Change], None], shown: Shown) -> None:
    show(change)
    sys.stdout.flush()
    shown.rows += 1


def _show_line(change: Change) -> None:
    sys.stdout.write(msgspec.json.encode(change).decode() + "\n")

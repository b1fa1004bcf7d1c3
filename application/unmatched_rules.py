"""
Rules that fit no column: most likely misspelt, and then a secret is stored as it is.

Judged over the columns that the trail has met of the tables that a rule fits. A table that was not
met yet says nothing, and neither does one whose rows were all escaped whole.
"""

import difflib
import logging
from collections.abc import Sequence

import msgspec

from domain.redaction import ColumnRule
from domain.source_table import SourceColumns

logger = logging.getLogger(__name__)


class UnmatchedRule(msgspec.Struct, frozen=True):
    """
    A rule whose tables were met, and whose column was not.

    Attributes:
        table: Its pattern of tables.
        column: Its pattern of columns.
        nearest: The met column that is most like it; None if none is.
    """

    table: str
    column: str
    nearest: str | None


def unmatched_rules(sources: SourceColumns, rules: Sequence[ColumnRule]) -> Sequence[UnmatchedRule]:
    """Name the rules that fit a table of `sources` and none of the columns that were met of it."""
    unmatched: list[UnmatchedRule] = []
    for rule in rules:
        met = {
            column
            for source, columns in sources.items()
            if rule.fits_table(source.rule_schema, source.source_table)
            for column in columns
        }
        if met and not any(_fits(rule, column) for column in met):
            unmatched.append(UnmatchedRule(rule.table, rule.column, _nearest(rule.column, met)))
    return unmatched


def log_unmatched_rules(sources: SourceColumns, rules: Sequence[ColumnRule]) -> None:
    """Log each rule that fits no column."""
    for unmatched in unmatched_rules(sources, rules):
        logger.warning(
            "a rule fits no column that the trail has met: is it misspelt?",
            extra=msgspec.structs.asdict(unmatched),
        )


def _fits(rule: ColumnRule, column: str) -> bool:
    """Whether the rule fits the column, or may fit something inside of it."""
    outermost = msgspec.structs.replace(rule, column=rule.column.partition(".")[0])
    return rule.fits_column(column) or outermost.fits_column(column)


def _nearest(pattern: str, columns: set[str]) -> str | None:
    known = {column.lower(): column for column in sorted(columns)}
    outermost = pattern.partition(".")[0].lower()
    close = difflib.get_close_matches(outermost, known, n=1)
    return known[close[0]] if close else None

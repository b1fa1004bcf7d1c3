"""
Columns that look like secrets by their name, and that no rule masks: said, and left as they are.

Masking what nobody asked for would be a loss; silence would be one too. So each such column is
named once, with the rule to paste. The rule fits that one table and column, whatever characters are
in their names; where a record does not name its table, it fits the column in every table.

When the trail is first looked at, rules that fit no column are named as well.
"""

import logging
import re
from collections.abc import Sequence

import msgspec

from application.ports import BatchObserver, SourceCatalog
from application.reports import BatchReport
from application.unmatched_rules import log_unmatched_rules
from domain.errors import RepositoryError
from domain.redaction import Redaction, is_well_known_sensitive
from domain.source_table import SourceColumns, SourceTable

logger = logging.getLogger(__name__)

_GLOB = re.compile(r"[*?\[]")
_HALF_PAIR = re.compile("[\ud800-\udfff]")


class ExposedColumn(msgspec.Struct, frozen=True, order=True):
    """
    A column with a well-known name of a secret, stored as it is.

    Attributes:
        table: ``schema.table``, or the bare name where the source has no schemas.
        column: Name of the column.
        table_pattern: Glob pattern of the table, as rules have it.
    """

    table: str
    column: str
    table_pattern: str

    @property
    def rule(self) -> str:
        """The rule that masks it, in TOML, to paste into the settings' file."""
        return (
            f"[[redaction.rules]]\ntable = {_quoted(self.table_pattern)}\n"
            f'column = {_quoted(_exactly(self.column))}\naction = "mask"'
        )


def exposed_columns(sources: SourceColumns, redaction: Redaction) -> Sequence[ExposedColumn]:
    """Name the columns of `sources` that look like secrets and that `redaction` leaves alone."""
    return sorted(
        {
            ExposedColumn(source.full_name, column, _pattern(source))
            for source, columns in sources.items()
            for column in columns
            if is_well_known_sensitive(column)
            and redaction.action(source.rule_schema, source.source_table, column) is None
        }
    )


class ExposedColumnsWatch:
    """
    An observer that logs exposed columns, each once, and hands every report on.

    Args:
        observer: Told of every batch after us.
        redaction: The rules.
        catalog: Knows the source tables that the trail has met already.
    """

    def __init__(
        self, observer: BatchObserver, redaction: Redaction, catalog: SourceCatalog
    ) -> None:
        self._observer = observer
        self._redaction = redaction
        self._catalog = catalog
        self._looked_at: dict[SourceTable, frozenset[str]] = {}
        self._named: set[ExposedColumn] = set()

    async def look_at_trail(self) -> None:
        """Look at the tables that the trail has met before. If it cannot be asked, batches tell."""
        try:
            sources = await self._catalog.sources()
        except RepositoryError as error:
            logger.info("source tables cannot be looked up", extra={"reason": str(error)})
            return
        self._look(sources)
        log_unmatched_rules(sources, self._redaction.rules)

    def committed(self, report: BatchReport) -> None:
        """Look at the tables of the batch. See the port."""
        self._look(report.batch.sources)
        self._observer.committed(report)

    def _look(self, sources: SourceColumns) -> None:
        new = {s: names for s, names in sources.items() if self._looked_at.get(s) != names}
        if not new:
            return
        self._looked_at |= new
        for exposed in exposed_columns(new, self._redaction):
            if exposed not in self._named:
                self._named.add(exposed)
                logger.warning(
                    "a column that looks like a secret is stored as it is",
                    extra={
                        "table": exposed.table,
                        "column": exposed.column,
                        "rule": exposed.rule,
                    },
                )


def _pattern(source: SourceTable) -> str:
    if not source.source_table:
        return "*"
    return _exactly(source.full_name if source.source_schema else source.source_table)


def _exactly(name: str) -> str:
    """The glob pattern that fits `name`; half a surrogate pair, which TOML cannot hold, is any."""
    return _HALF_PAIR.sub("?", _GLOB.sub(r"[\g<0>]", name))


def _quoted(text: str) -> str:
    """A basic string of TOML that shows on any terminal what is in it."""
    return f'"{"".join(map(_written, text))}"'


def _written(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08X}"

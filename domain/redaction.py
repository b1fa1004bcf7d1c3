"""
Rules on columns: what is dropped, masked, hashed or hidden before anything is stored.

A rule names a table and a column by glob patterns, case ignored: ``customers``, ``public.*``,
``*_token``. The first rule that fits a column decides:

* ``drop``: the column is left out of the image as if the source had not sent it;
* ``mask``: `MASK` stands in its place; null stays null; `value_notes` says ``masked``;
* ``hash``: a keyed hash does (`domain.hash_key`); null stays null; `value_notes` says
  ``{"note": "hashed", "key": "<id of the key>"}``;
* ``hide``: `MASK` does, in the place of null too, so that not even that is told; `value_notes` says
  ``hidden``, and `changed_columns` still whether it changed.

A pattern with a dot, ``address.street``, speaks of values inside of columns too: of documents, and
of JSON that is kept as text. A star fits dots as well; elements of an array have the array's path.

A message that names no table (outbox, logical message, ...) may repeat any: there, the columns of
every rule count, at any depth.
"""

import enum
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from fnmatch import fnmatchcase

import msgspec

from domain.errors import ConfigurationError
from domain.hash_key import HashKey
from domain.source_table import SourceTable

MASK = "***"
"""What stands in the place of a masked or hidden value."""

_MOST_REMEMBERED = 100_000

_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\W_]+")
_SENSITIVE = re.compile(
    r"(?:^|_)(?:"
    r"pass_?(?:wd|word|phrase|code)s?|pwd|secrets?|tokens?|credentials?|otp"
    r"|(?:api|access|private|secret|encryption)_?keys?"
    r"|ssn|social_security(?:_(?:number|no|num))?|national_id|tax_id|passport(?:_(?:number|no))?"
    r"|(?:(?:credit|debit|bank)_?)?card_?(?:number|no|num)|(?:credit|debit)_?card|pan"
    r"|cvv2?|cvc2?|card_(?:code|pin)|pin(?:_code)?|iban|bank_account|account_number"
    r")[0-9]*(?:_|$)"
)


class RuleAction(enum.StrEnum):
    """What a rule does to a column's values."""

    MASK = "mask"
    DROP = "drop"
    HASH = "hash"
    HIDE = "hide"


class ColumnRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    A rule on columns.

    Attributes:
        column: Glob pattern of column names; with a dot, of paths inside of columns too.
        table: Glob pattern of tables, matched with the bare name and with ``schema.table``
            (``database.table`` where the source has no schemas).
        action: What is done to the values.
    """

    column: str
    table: str = "*"
    action: RuleAction = RuleAction.MASK

    def fits_table(self, schema: str | None, table: str | None) -> bool:
        """Whether it speaks of this table."""
        bare = (table or "").lower()
        pattern = self.table.lower()
        return any(
            fnmatchcase(name, pattern) for name in (bare, f"{(schema or '').lower()}.{bare}")
        )

    def fits_column(self, name: str) -> bool:
        """Whether it speaks of a column of this name."""
        return fnmatchcase(name.lower(), self.column.lower())


def is_well_known_sensitive(column: str) -> bool:
    """Whether a column's name says that it holds secrets: ``password``, ``cardNumber``, ..."""
    words = _WORD_BOUNDARY.sub("_", column).strip("_").lower()
    return _SENSITIVE.search(words) is not None


class ColumnRules:
    """
    The rules on the columns of one table, or of all tables together.

    Attributes:
        hash_key: What rules that hash do it with.
        dropped: Columns of images that were dropped so far.
    """

    def __init__(
        self, rules: Sequence[ColumnRule], hash_key: HashKey | None, *, mask_well_known: bool
    ) -> None:
        self._rules = rules
        self._nested = [rule for rule in rules if "." in rule.column]
        self._mask_well_known = mask_well_known
        self._known: dict[str, RuleAction | None] = {}
        self._known_paths: dict[tuple[str, ...], RuleAction | None] = {}
        self.hash_key = hash_key
        self.dropped: set[str] = set()

    @property
    def look_inside(self) -> bool:
        """Whether a rule may speak of values inside of columns."""
        return bool(self._nested)

    def note_dropped(self, names: Iterable[str]) -> None:
        """Remember columns that were dropped."""
        if len(self.dropped) < _MOST_REMEMBERED:
            self.dropped.update(name for name in names if self.column(name) is RuleAction.DROP)

    def column(self, name: str) -> RuleAction | None:
        """What to do with the values of a column; None for nothing."""
        try:
            return self._known[name]
        except KeyError:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            decided = next((rule.action for rule in self._rules if rule.fits_column(name)), None)
            if decided is None and self._mask_well_known and is_well_known_sensitive(name):
                decided = RuleAction.MASK
            self._known[name] = decided
            return decided

    def inside(self, path: tuple[str, ...]) -> RuleAction | None:
        """What to do with a value inside of a column: its path starts with the column."""
        return self._remembered(path, self._decide_inside)

    def anywhere(self, path: tuple[str, ...]) -> RuleAction | None:
        """What to do with a value at this place of a message, which may hold rows anywhere."""
        return self._remembered(path, self._decide_anywhere)

    def _decide_inside(self, path: tuple[str, ...]) -> RuleAction | None:
        whole = ".".join(path)
        return next((rule.action for rule in self._nested if rule.fits_column(whole)), None)

    def _decide_anywhere(self, path: tuple[str, ...]) -> RuleAction | None:
        by_name = self.column(path[-1])
        ends = (self._decide_inside(path[start:]) for start in range(len(path) - 1))
        return by_name or next((decided for decided in ends if decided is not None), None)

    def _remembered(
        self,
        path: tuple[str, ...],
        decide: Callable[[tuple[str, ...]], RuleAction | None],
    ) -> RuleAction | None:
        if path not in self._known_paths:
            if len(self._known_paths) >= _MOST_REMEMBERED:
                self._known_paths.clear()
            self._known_paths[path] = decide(path)
        return self._known_paths[path]


class Redaction:
    """
    Rules, ready to be asked about tables and columns.

    Args:
        rules: The rules; the first that fits a column decides.
        mask_well_known: Whether columns with well-known names of secrets are masked besides.
        hash_key: What rules that hash do it with.

    Attributes:
        rules: The rules.
        of_messages: The rules on what messages repeat of tables that they do not name.

    Raises:
        ConfigurationError: A rule hashes, and there is no key.
    """

    def __init__(
        self,
        rules: Sequence[ColumnRule],
        *,
        mask_well_known: bool = False,
        hash_key: HashKey | None = None,
    ) -> None:
        hashing = next((rule for rule in rules if rule.action is RuleAction.HASH), None)
        if hashing is not None and hash_key is None:
            raise ConfigurationError(
                "redaction.hash_key",
                f"the rule on column {hashing.column!r} of table {hashing.table!r} hashes, and "
                f"there is no key to hash with. Give one.",
            )
        self.rules = tuple(rules)
        self._mask_well_known = mask_well_known
        self._hash_key = hash_key
        self._tables: dict[tuple[str | None, str | None], ColumnRules | None] = {}
        self.of_messages = ColumnRules(self.rules, hash_key, mask_well_known=mask_well_known)

    @property
    def is_empty(self) -> bool:
        """Whether nothing can ever be redacted."""
        return not self.rules and not self._mask_well_known

    def of_table(self, schema: str | None, table: str | None) -> ColumnRules | None:
        """The rules on the columns of a table; None if none can speak of any."""
        asked = (schema, table)
        try:
            return self._tables[asked]
        except KeyError:
            if len(self._tables) >= _MOST_REMEMBERED:
                self._tables.clear()
            fitting = [rule for rule in self.rules if rule.fits_table(schema, table)]
            found = self._tables[asked] = (
                ColumnRules(fitting, self._hash_key, mask_well_known=self._mask_well_known)
                if fitting or self._mask_well_known
                else None
            )
            return found

    def concerns(self, schema: str | None, table: str | None) -> bool:
        """Whether any rule can speak of a column of this table."""
        return self.of_table(schema, table) is not None

    def dropped_columns(self, source: SourceTable) -> Collection[str]:
        """Columns of a table that were dropped so far: its rows do not show that it has them."""
        rules = self._tables.get((source.rule_schema, source.source_table))
        return () if rules is None else rules.dropped

    def action(self, schema: str | None, table: str | None, column: str) -> RuleAction | None:
        """What to do with the values of a column; None for nothing."""
        rules = self.of_table(schema, table)
        return None if rules is None else rules.column(column)

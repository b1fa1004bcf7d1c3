"""
Rules on columns: what is masked or left out before anything is stored.

A rule names a table and a column by glob patterns, case ignored: ``customers``, ``public.*``,
``*_token``. The first rule that fits a column decides. Masking leaves null as null, and puts
`MASK` in the place of any other value; `value_notes` says ``masked``. A dropped column is left out
of the image as if the source had not sent it.
"""

import enum
import json
import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase

import msgspec

from domain.jsonb_safety import members

MASK = "***"
"""What stands in the place of a masked value."""

_JSON_MASK = f'"{MASK}"'
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


class ColumnRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    A rule on columns.

    Attributes:
        column: Glob pattern of column names.
        table: Glob pattern of tables, matched with the bare name and with ``schema.table``
            (``database.table`` where the source has no schemas).
        action: What is done to the values.
    """

    column: str
    table: str = "*"
    action: RuleAction = RuleAction.MASK


def is_well_known_sensitive(column: str) -> bool:
    """Whether a column's name says that it holds secrets: ``password``, ``cardNumber``, ..."""
    words = _WORD_BOUNDARY.sub("_", column).strip("_").lower()
    return _SENSITIVE.search(words) is not None


class Redaction:
    """Rules, ready to be asked about tables and columns."""

    def __init__(self, rules: Sequence[ColumnRule], *, mask_well_known: bool = False) -> None:
        self._rules = [(rule.table.lower(), rule.column.lower(), rule.action) for rule in rules]
        self._mask_well_known = mask_well_known
        self._known: dict[tuple[str | None, str | None, str], RuleAction | None] = {}
        self._concerned: dict[tuple[str | None, str | None], bool] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing can ever be redacted."""
        return not self._rules and not self._mask_well_known

    def concerns(self, schema: str | None, table: str | None) -> bool:
        """Whether any rule can speak of a column of this table."""
        asked = (schema, table)
        try:
            return self._concerned[asked]
        except KeyError:
            if len(self._concerned) >= _MOST_REMEMBERED:
                self._concerned.clear()
            names = _names(schema, table)
            answer = self._mask_well_known or any(
                _fits(table_pattern, names) for table_pattern, _, _ in self._rules
            )
            self._concerned[asked] = answer
            return answer

    def action(self, schema: str | None, table: str | None, column: str) -> RuleAction | None:
        """What to do with the values of a column; None for nothing."""
        asked = (schema, table, column)
        try:
            return self._known[asked]
        except KeyError:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            answer = self._known[asked] = self._decide(schema, table, column)
            return answer

    def _decide(self, schema: str | None, table: str | None, column: str) -> RuleAction | None:
        names = _names(schema, table)
        for table_pattern, column_pattern, action in self._rules:
            if fnmatchcase(column.lower(), column_pattern) and _fits(table_pattern, names):
                return action
        masked = self._mask_well_known and is_well_known_sensitive(column)
        return RuleAction.MASK if masked else None


def _names(schema: str | None, table: str | None) -> tuple[str, str]:
    bare = (table or "").lower()
    return bare, f"{(schema or '').lower()}.{bare}"


def _fits(pattern: str, names: tuple[str, str]) -> bool:
    return any(fnmatchcase(name, pattern) for name in names)


def redacted_image(
    text: str, action: Callable[[str], RuleAction | None]
) -> tuple[str, Mapping[str, RuleAction]]:
    """
    Redact the JSON object `text`.

    Args:
        text: An image, or a key.
        action: What to do with a column.

    Returns:
        The text to store, and what was done to which columns. A text with nothing to redact
        comes back as it is.
    """
    found = members(text)
    if found is None:
        return text, {}
    done: dict[str, RuleAction] = {}
    kept: list[str] = []
    for member in found:
        name = json.loads(member.name)
        value = text[member.start : member.end]
        decided = action(name)
        if decided is None or (decided is RuleAction.MASK and value == "null"):
            kept.append(f"{member.name}:{value}")
        else:
            done[name] = decided
            if decided is RuleAction.MASK:
                kept.append(f"{member.name}:{_JSON_MASK}")
    return (f"{{{','.join(kept)}}}", done) if done else (text, {})

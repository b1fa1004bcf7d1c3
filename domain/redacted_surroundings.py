"""
Rules on columns, applied to what surrounds a row: its headers, and the source block.

Headers repeat keys and columns; so do the text of a statement, and MongoDB's description of an
update. The latter two are masked wherever there is a rule on the table: nobody can tell which
columns they quote. A header with the name of a column is masked where the column is hashed.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from domain.jsonb_safety import escape_whole, members
from domain.redacted_values import redacted_image
from domain.redaction import MASK, ColumnRules, RuleAction
from domain.value_notes import WHOLE_IMAGE

_KEY_HEADERS = ("__debezium.newkey", "__debezium.oldkey")
_WRAPPER = {"schema", "payload"}
_STATEMENT = re.compile(r"(?:^|[\W_]|iodebezium)(?:query|redo_?sql)$")
_MONGODB = frozenset({"updateDescription", "patch", "filter"})
_MAY_REPEAT = ("query", "sql", '"envelope')


def repeats_values(name: str) -> bool:
    """Whether what has this name quotes values of rows: a statement, MongoDB's update."""
    return name in _MONGODB or _STATEMENT.search(name) is not None


def escaped_whole(text: str) -> str | None:
    """The JSON that stands as one string under the empty name; None if there is none."""
    found = members(text)
    if not found or len(found) != 1 or json.loads(found[0].name) != WHOLE_IMAGE:
        return None
    value = json.loads(text[found[0].start : found[0].end])
    return value if isinstance(value, str) else None


def redacted_headers(text: str, rules: ColumnRules, *, is_key_known: bool) -> str | None:
    """
    Redact stored headers where they repeat keys, columns or statements.

    Args:
        text: A JSON array of [name, value] pairs.
        rules: The rules on the columns.
        is_key_known: Whether the record's own key was understood, and nothing in it redacted.

    Returns:
        What to store; None where nothing is left. Headers with nothing to redact stay as they are.
    """
    pairs: Sequence[tuple[Any, Any]] = [(name, value) for name, value in json.loads(text)]
    kept: list[tuple[Any, Any]] = []
    for name, value in pairs:
        if name in _KEY_HEADERS:
            kept.append((name, _key_header(value, rules, is_key_known=is_key_known)))
            continue
        decided = _in_headers(name, rules) if isinstance(name, str) else None
        if decided is not RuleAction.DROP:
            shown = decided is None or (value is None and decided is not RuleAction.HIDE)
            kept.append((name, value if shown else MASK))
    if kept == pairs:
        return text
    return msgspec.json.encode(kept).decode() if kept else None


def _in_headers(name: str, rules: ColumnRules) -> RuleAction | None:
    return RuleAction.MASK if _STATEMENT.search(name) else rules.column(name)


def _key_header(value: Any, rules: ColumnRules, *, is_key_known: bool) -> Any:  # noqa: ANN401 - JSON
    """A key in a header. One that cannot be read stays only if nothing in the key is redacted."""
    try:
        redacted = _key_text(value, rules) if isinstance(value, str) else None
    except ValueError:
        redacted = None
    unread = value if value is None or is_key_known else MASK
    return unread if redacted is None else redacted


def _key_text(text: str, rules: ColumnRules) -> str | None:
    """The redacted key; None if `text` is no object. Whoever wraps it, wraps an object."""
    found = members(text)
    if found is None:
        return None
    if {json.loads(member.name) for member in found} != _WRAPPER:
        return redacted_image(text, rules.column, rules=rules)[0]
    payload = next(member for member in found if json.loads(member.name) == "payload")
    inner = _key_text(text[payload.start : payload.end], rules)
    return None if inner is None else f"{text[: payload.start]}{inner}{text[payload.end :]}"


def redacted_metadata(text: str, rules: ColumnRules) -> str:
    """Redact the stored source block where it quotes values."""
    if not any(word in text for word in _MAY_REPEAT):
        return text
    escaped = escaped_whole(text)
    plain = text if escaped is None else escaped
    redacted = _source_block(plain, rules)
    if redacted == plain:
        return text
    return redacted if escaped is None else escape_whole(redacted)


def _source_block(text: str, rules: ColumnRules) -> str:
    def in_block(name: str) -> RuleAction | None:
        return RuleAction.MASK if _STATEMENT.search(name) else None

    def in_envelope(name: str) -> RuleAction | None:
        return RuleAction.MASK if name in _MONGODB else rules.column(name)

    stored, _ = redacted_image(text, in_block)
    for member in members(stored) or ():
        if json.loads(member.name) == "envelope":
            added, _ = redacted_image(stored[member.start : member.end], in_envelope, rules=rules)
            return f"{stored[: member.start]}{added}{stored[member.end :]}"
    return stored

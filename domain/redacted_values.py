"""
Rules on columns, applied to values: the columns of an image, and what is inside of values.

    {"id": 1, "email": "a@x.example", "address": {"street": "…"}}
               │ column("email")              │ inside(("address", "street"))
               ▼                              ▼
              "***"                          "***", written anew as the whole value then is

An image with nothing to redact keeps its text, and so does each value that nothing is changed in.
"""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from domain.hash_key import HashKey
from domain.json_text import (
    TooDeepError,
    holds_json,
    is_array,
    is_object,
    is_text,
    parsed,
    written,
)
from domain.jsonb_safety import members
from domain.redaction import MASK, ColumnRules, RuleAction

Done = Mapping[str, RuleAction]
"""Column, or path inside of one, to what was done to it."""

_JSON_MASK = f'"{MASK}"'
_NULL = "null"


def redacted_image(
    text: str,
    action: Callable[[str], RuleAction | None],
    *,
    rules: ColumnRules | None = None,
    escaped: Collection[str] = (),
) -> tuple[str, Done]:
    """
    Redact the JSON object `text`.

    Args:
        text: An image, or a key.
        action: What to do with a column.
        rules: What to do with values inside of columns, and what to hash with.
        escaped: Columns whose value is a text that holds the value's own JSON.

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
        if decided is None:
            inside = value if rules is None else _inside(value, name, rules, done)
            kept.append(f"{member.name}:{inside}")
            continue
        own = json.loads(value) if name in escaped and value.startswith('"') else value
        replaced = replacement(own, decided, None if rules is None else rules.hash_key)
        if replaced != _NULL:
            done[name] = decided
        if replaced is not None:
            kept.append(f"{member.name}:{replaced}")
    return (f"{{{','.join(kept)}}}", done) if done else (text, {})


def replacement(value: str, action: RuleAction, hash_key: HashKey | None) -> str | None:
    """Give the JSON that stands in the place of the JSON `value`; None if it is dropped."""
    if action is RuleAction.DROP:
        return None
    if value == _NULL and action is not RuleAction.HIDE:
        return _NULL
    if action is RuleAction.HASH and hash_key is not None:
        return f'"{hash_key.hashed(value)}"'
    return _JSON_MASK


class ValueRedactor:
    """
    Redacts what is inside of a value that was read by `domain.json_text`.

    Args:
        decide: What to do with a value at a path.
        hash_key: What to hash with.
        mask_broken: Whether a text that begins as JSON does, and is none, is masked.

    Attributes:
        done: What was done where.
    """

    def __init__(
        self,
        decide: Callable[[tuple[str, ...]], RuleAction | None],
        hash_key: HashKey | None,
        *,
        mask_broken: bool = False,
    ) -> None:
        self._decide = decide
        self._hash_key = hash_key
        self._mask_broken = mask_broken
        self.done: dict[str, RuleAction] = {}

    def redacted(self, value: Any, path: tuple[str, ...] = ()) -> Any:  # noqa: ANN401 - JSON
        """Give the value with everything redacted that is inside of it."""
        if is_object(value):
            pairs = ((name, self._member(inner, (*path, name))) for name, inner in value.items())
            return {name: kept[0] for name, kept in pairs if kept}
        if is_array(value):
            return [self.redacted(element, path) for element in value]
        if is_text(value) and holds_json(value):
            return self._text(value, path)
        return value

    def _member(self, value: Any, path: tuple[str, ...]) -> tuple[Any, ...]:  # noqa: ANN401 - JSON
        """The value that is kept; none if it is dropped."""
        decided = self._decide(path)
        if decided is None:
            return (self.redacted(value, path),)
        text = written(value)
        replaced = replacement(text, decided, self._hash_key)
        if replaced != _NULL:
            self.done[".".join(path)] = decided
        return () if replaced is None else (parsed(replaced),)

    def _text(self, text: str, path: tuple[str, ...]) -> str:
        """A text that may hold JSON: written anew only if something in it is redacted."""
        try:
            value = parsed(text)
        except TooDeepError:
            return self._masked(path)
        except ValueError:
            return self._masked(path) if self._mask_broken else text
        kept = self.redacted(value, path)
        return text if kept == value else written(kept)

    def _masked(self, path: tuple[str, ...]) -> str:
        self.done[".".join(path)] = RuleAction.MASK
        return MASK


def _inside(text: str, column: str, rules: ColumnRules, done: dict[str, RuleAction]) -> str:
    """The value of a column with everything redacted that is inside of it."""
    if not rules.look_inside or text[0] not in '{["':
        return text
    redactor = ValueRedactor(rules.inside, rules.hash_key)
    try:
        value = parsed(text)
    except TooDeepError:  # nobody can look inside
        done[column] = RuleAction.MASK
        return _JSON_MASK
    kept = redactor.redacted(value, (column,))
    done.update(redactor.done)
    return text if kept == value else written(kept)

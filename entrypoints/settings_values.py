"""One setting's value: from a text or a TOML value to the type of its field, or an error."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
import msgspec.inspect

from domain.errors import ConfigurationError

_SECRET = re.compile(r"(password|passphrase|secret|token|hash_key)$")
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_LONGEST_SHOWN = 120
HIDDEN = "(hidden)"


class Given(msgspec.Struct, frozen=True):
    """
    A value as it was given.

    Attributes:
        value: A text, or a TOML value.
        source: Where it stands: a variable, or a file and line.
        textual: Whether it is a text that must be read as its field's type.
        inside: Where each key of a table of a free form stands, by its full name.
    """

    value: Any
    source: str
    textual: bool
    inside: Mapping[str, str] = {}


def is_secret(field: str) -> bool:
    """Tell whether the value of `field` must never be shown."""
    return _SECRET.search(field) is not None


def shown(field: str, value: object) -> str:
    """Show a value in a message: never a secret, never a page of text."""
    if is_secret(field):
        return HIDDEN
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def convert_given(field: str, given: Given, kind: Any) -> Any:  # noqa: ANN401 - any type of field
    """
    Convert what was given for `field` to its type `kind`.

    Raises:
        ConfigurationError: It does not fit; the text says what is allowed.
    """
    info = msgspec.inspect.type_info(kind)
    if given.textual and _HALF_PAIR.search(given.value):  # what Python makes of such bytes
        raise ConfigurationError(
            field, f"{shown(field, given.value)} is not UTF-8.", source=given.source
        )
    try:
        value = _read_text(given.value, info) if given.textual else given.value
        return msgspec.convert(_same_case(value, info), kind, strict=not given.textual)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        simple = _is_plain(info) or _is_plain(_item(info) or info)
        detail = "" if simple else f" ({error})"
        raise ConfigurationError(
            field,
            f"{shown(field, given.value)} is not allowed: it must be {allowed(info)}{detail}.",
            source=given.source,
        ) from error


def check_types(config: msgspec.Struct) -> None:
    """
    Check that every field of `config` holds a value of its type.

    Raises:
        ConfigurationError: The first that does not, named without its section.
    """
    for field in msgspec.structs.fields(config):
        value = getattr(config, field.name)
        try:
            msgspec.convert(msgspec.to_builtins(value), field.type)
        except (msgspec.ValidationError, TypeError) as error:
            info = msgspec.inspect.type_info(field.type)
            raise ConfigurationError(
                field.name,
                f"{shown(field.name, value)} is not allowed: it must be {allowed(info)}.",
            ) from error


def allowed(info: msgspec.inspect.Type) -> str:
    """Say in words what values a type has."""
    if words := _words(info):
        return "one of " + ", ".join(str(word) for word in words)
    if isinstance(info, msgspec.inspect.UnionType):
        return " or ".join(allowed(member) for member in _not_none(info))
    item = _item(info)
    if item is None:
        return _SAID.get(type(info), "a table; in a variable, a JSON object")
    if _is_plain(item):
        return f"a list: each {allowed(item)}; in a variable, separated by commas"
    return "a list of tables; in a variable, a JSON array"


_SAID: dict[type[msgspec.inspect.Type], str] = {
    msgspec.inspect.BoolType: "true or false",
    msgspec.inspect.IntType: "a whole number",
    msgspec.inspect.FloatType: "a number",
    msgspec.inspect.StrType: "a text",
}


def _words(info: msgspec.inspect.Type) -> tuple[object, ...]:
    if isinstance(info, msgspec.inspect.EnumType):
        return tuple(member.value for member in info.cls)
    return tuple(info.values) if isinstance(info, msgspec.inspect.LiteralType) else ()


def _not_none(info: msgspec.inspect.UnionType) -> list[msgspec.inspect.Type]:
    return [t for t in info.types if not isinstance(t, msgspec.inspect.NoneType)]


def _item(info: msgspec.inspect.Type) -> msgspec.inspect.Type | None:
    """The type of the members, where `info` is a collection; None otherwise."""
    match info:
        case (
            msgspec.inspect.ListType()
            | msgspec.inspect.SetType()
            | msgspec.inspect.FrozenSetType()
            | msgspec.inspect.VarTupleType()
        ):
            return info.item_type
        case _:
            return None


def _is_plain(info: msgspec.inspect.Type) -> bool:
    """Tell whether a text without structure can say a value of this type."""
    if isinstance(info, msgspec.inspect.UnionType):
        return all(_is_plain(member) for member in _not_none(info))
    return type(info) in _SAID or bool(_words(info))


def _same_case(value: object, info: msgspec.inspect.Type) -> object:
    """Let the words of an enumeration be written in any case."""
    if isinstance(value, str):
        for word in _words(info):
            if isinstance(word, str) and word.lower() == value.lower():
                return word
    return value


def _read_text(text: str, info: msgspec.inspect.Type) -> object:
    if isinstance(info, msgspec.inspect.UnionType):
        info = _not_none(info)[0]
    if _is_plain(info):
        return text
    item = _item(info)
    if item is not None and _is_plain(item) and not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    return msgspec.json.decode(text)

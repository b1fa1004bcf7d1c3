"""
Where settings come from: a TOML file, the environment, and files that hold one secret each.

    defaults  <  cdc-audit.toml  <  CDC_AUDIT_<SECTION>_<FIELD>

Every value is converted to the type of its field, and its origin is kept. In either place
`<field>_file` names a file whose text is the value. Unknown keys and variables are errors.
"""

import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from domain.errors import ConfigurationError
from entrypoints.settings_values import Given, convert_given
from entrypoints.toml_lines import line_of

PREFIX = "CDC_AUDIT_"
FILE_VARIABLE = "CDC_AUDIT_CONFIG"
TOKEN_VARIABLE = "CDC_AUDIT_TOKEN"  # noqa: S105 - a name; commands that ask a service read it
DEFAULT_FILE = Path("cdc-audit.toml")

S = TypeVar("S", bound=msgspec.Struct)

Givens = dict[str, Given]
"""What was given, by ``section.field`` or, at the top, ``field``."""


def read_settings(
    kind: type[S], *, environ: Mapping[str, str], file: Path | None
) -> tuple[S, Mapping[str, str]]:
    """
    Make a `kind` from its defaults, `file` and `environ`, in rising order of precedence.

    Args:
        kind: A struct whose fields are values, or structs of values (the sections).
        environ: The environment.
        file: A TOML file; None reads the one that `environ` names, or the default one if it is
            there.

    Returns:
        The settings, and for each one that was given (``section.field``) where it came from.

    Raises:
        ConfigurationError: A key is unknown, a value has the wrong type, a file is unreadable.
    """
    types = _types(kind)
    given: Givens = {}
    path = _file(file, environ)
    if path is not None:
        given.update(_from_toml(path, types))
    given.update(_from_environ(environ, types))
    values: dict[str, Any] = {}
    sections: dict[str, dict[str, Any]] = {}
    for field, value in given.items():
        converted = convert_given(field, value, types[field])
        section, _, name = field.rpartition(".")
        (sections.setdefault(section, {}) if section else values)[name] = converted
    for section, content in sections.items():
        values[section] = _section(kind, section, content)
    origins: dict[str, str] = {}
    for field, value in given.items():
        origins |= {field: value.source, **value.inside}
    return kind(**values), origins


def variable_of(field: str) -> str:
    """Name the environment variable of a setting ``section.field``."""
    return PREFIX + field.replace(".", "_").upper()


def _types(kind: type[msgspec.Struct]) -> dict[str, Any]:
    types: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        section: object = field.type
        if isinstance(section, type) and issubclass(section, msgspec.Struct):
            for inner in msgspec.structs.fields(section):
                types[f"{field.encode_name}.{inner.encode_name}"] = inner.type
        elif field.name not in _NOT_SETTINGS:
            types[field.encode_name] = field.type
    return types


_NOT_SETTINGS = frozenset({"origins", "version"})


def _section(kind: type[msgspec.Struct], name: str, content: dict[str, Any]) -> msgspec.Struct:
    """Make a section from what was given and from the defaults that `kind` has for it."""
    default: msgspec.Struct = getattr(kind(), name)
    return msgspec.structs.replace(default, **content)


def _file(file: Path | None, environ: Mapping[str, str]) -> Path | None:
    named = file or (Path(environ[FILE_VARIABLE]) if environ.get(FILE_VARIABLE) else None)
    if named is None:
        return DEFAULT_FILE if DEFAULT_FILE.is_file() else None
    if not named.is_file():
        raise ConfigurationError(
            "config",
            f"there is no file {named}. Name a TOML file, or leave it out.",
            source="--config" if file else FILE_VARIABLE,
        )
    return named


def _from_toml(path: Path, types: Mapping[str, Any]) -> Givens:
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError("config", f"cannot be read: {error}.", source=str(path)) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError("config", f"is not TOML: {error}.", source=str(path)) from error
    given: Givens = {}
    for name, value in _flat(document, types):
        source = f"{path}:{line_of(text, name)}"
        field = _field_of(name, types, source=source)
        inside = {} if "." in name else _inside(name, value, path, text)
        _give(given, field, name, Given(value, source, textual=False, inside=inside))
    return given


def _inside(name: str, value: object, path: Path, text: str) -> dict[str, str]:
    """Tell where each key inside of the table `value` stands, by its full name."""
    found: dict[str, str] = {}
    if isinstance(value, dict):
        for key, inner in cast("dict[str, object]", value).items():
            full = f"{name}.{key}"
            found |= {full: f"{path}:{line_of(text, full)}", **_inside(full, inner, path, text)}
    return found


def _flat(document: Mapping[str, Any], types: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    sections = {field.partition(".")[0] for field in types if "." in field}
    for name, value in document.items():
        if isinstance(value, dict) and name in sections:
            content = cast("dict[str, Any]", value)
            yield from ((f"{name}.{inner}", v) for inner, v in content.items())
        else:
            yield name, value


def _from_environ(environ: Mapping[str, str], types: Mapping[str, Any]) -> Givens:
    names = {variable_of(field): field for field in types}
    names |= {f"{variable}_FILE": f"{field}_file" for variable, field in names.items()}
    given: Givens = {}
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or _is_not_ours(variable, environ[variable]):
            continue
        name = names.get(variable)
        if name is None:
            raise ConfigurationError(
                variable, "is not a setting of cdc-audit. " + _nearest(variable, names)
            )
        field = _field_of(name, types, source=variable)
        _give(given, field, name, Given(environ[variable], variable, textual=True))
    return given


def _is_not_ours(variable: str, value: str) -> bool:
    """
    Tell variables that share our prefix without giving a setting; an empty one gives none.

    Kubernetes sets ``<SERVICE>_PORT=tcp://...`` and relatives in every pod beside a service.
    """
    rest = variable.removeprefix(PREFIX)
    return (
        variable in {FILE_VARIABLE, TOKEN_VARIABLE}
        or not value
        or rest.startswith("TEST_")
        or value.startswith(("tcp://", "udp://", "sctp://"))
        or "SERVICE_HOST" in rest
        or "SERVICE_PORT" in rest
        or any(f"_{protocol}" in f"_{rest}" for protocol in _LINKS)
    )


_LINKS = tuple(
    f"{protocol}_{part}"
    for protocol in ("TCP", "UDP", "SCTP")
    for part in ("PORT", "ADDR", "PROTO")
)


def _field_of(name: str, types: Mapping[str, Any], *, source: str) -> str:
    """Find the field that the key `name` sets: itself, or the one that ``_file`` stands behind."""
    field = name if name in types else name.removesuffix("_file")
    if field not in types:
        known = types if "." in name else {field.partition(".")[0]: None for field in types}
        raise ConfigurationError(
            name, "is not a setting of cdc-audit. " + _nearest(name, known), source=source
        )
    return field


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"Did you mean {close[0]}? " if close else ""
    return hint + "`cdc-audit config` lists all settings."


def _give(given: Givens, field: str, name: str, value: Given) -> None:
    if field in given:
        raise ConfigurationError(
            field, f"is given twice, also by {given[field].source}. Keep one.", source=value.source
        )
    given[field] = _read_file(field, value) if name != field else value


def _read_file(field: str, value: Given) -> Given:
    path = str(value.value)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            field, f"its file cannot be read: {error}.", source=value.source
        ) from error
    return Given(text.rstrip("\r\n"), f"{value.source} ({path})", textual=True)

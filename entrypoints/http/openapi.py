"""
The description of `/api/v1` (OpenAPI 3.1), made from the operations and structs that it is made of.

    operations ──▶ paths          structs ──▶ components          `/api/v1/openapi.json`
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from domain.access import Role
from entrypoints.http.api_operation import Operation, Parameter
from entrypoints.http.api_structs import Problem
from entrypoints.program_version import program_version

_PREFIX = "/api/v1"
_CHANGE_ID = r"^[0-9]{1,10}-[0-9]{1,10}-[0-9]{1,19}$"
_NUMBER = r"^[0-9]{1,19}$"
_ALWAYS = (401, 403, 422, 500, 503)
_WITH_BODY = (413, 415)
_ABOUT = """\
The audit trail of database changes. Times are ISO 8601 in UTC.

Images, keys, notes, headers and source blocks are the stored JSON itself: decimals and 64-bit
integers in them have all their digits, so read them with a parser that keeps them. Integers of our
own have the format int64; beyond 2^53 a parser of doubles would damage them. `key_hash` is a string
for that reason, and `id` has every offset as text.

Problems are RFC 9457. What a token may not see is not there.
"""

Json = dict[str, Any]


def description(operations: Sequence[Operation]) -> Json:
    """Describe the API that consists of `operations`."""
    structs = [kind for o in operations for kind in (o.gives, o.body) if kind is not None]
    _, components = msgspec.json.schema_components(
        [*dict.fromkeys(structs), Problem], ref_template="#/components/schemas/{name}"
    )
    paths: Json = {}
    for operation in operations:
        path = paths.setdefault(f"{_PREFIX}{operation.path}", {})
        path[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "cdc-audit",
            "version": program_version(),
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": {name: _with_sizes(schema) for name, schema in components.items()},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "`cdc-audit token create NAME` makes one. Where the service "
                    "asks nobody (loopback), none is needed.",
                }
            },
        },
    }


def _operation(operation: Operation) -> Json:
    role = "" if operation.role is Role.READER else f" Needs the role {operation.role}."
    described: Json = {
        "operationId": operation.name,
        "summary": operation.about,
        "description": f"{operation.about}{role}",
        "tags": [operation.path.split("/")[1]],
        "parameters": [
            *_in_path(operation.path),
            *map(_in_query, operation.parameters),
        ],
        "responses": _responses(operation),
    }
    if operation.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _reference(operation.body)}},
        }
    return described


def _in_path(path: str) -> Sequence[Json]:
    if "{id}" not in path:
        return ()
    is_number = path.startswith(("/gaps", "/quarantine"))
    about = "Number of the entry." if is_number else "Id of a change: stream-partition-offset."
    schema = {"type": "string", "pattern": _NUMBER if is_number else _CHANGE_ID}
    return ({"name": "id", "in": "path", "required": True, "description": about, "schema": schema},)


def _in_query(parameter: Parameter) -> Json:
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": parameter.about,
        "schema": dict(parameter.schema),
    }


def _responses(operation: Operation) -> Json:
    statuses = {*_ALWAYS, *operation.problems, *(_WITH_BODY if operation.body else ())}
    problems = {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": {"application/problem+json": {"schema": _reference(Problem)}},
        }
        for status in sorted(statuses)
    }
    return {"200": _answer(operation), **_unchanged(operation), **problems}


def _answer(operation: Operation) -> Json:
    is_json = operation.gives is not None and operation.media == ("application/json",)
    schema = _reference(operation.gives) if is_json and operation.gives else None
    answer: Json = {
        "description": "The answer.",
        "content": {media: {"schema": schema} if schema else {} for media in operation.media},
    }
    if operation.is_immutable:
        answer["headers"] = {"ETag": {"schema": {"type": "string"}}}
    return answer


def _unchanged(operation: Operation) -> Json:
    return {"304": {"description": "As it was."}} if operation.is_immutable else {}


def _reference(kind: type[msgspec.Struct]) -> Json:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}


def _with_sizes(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """The schema, its integers said to have 64 bits."""
    if isinstance(schema, Mapping):
        whole: Mapping[str, Any] = schema  # pyright: ignore[reportUnknownVariableType] - JSON
        sized = {name: _with_sizes(value) for name, value in whole.items()}
        return {**sized, "format": "int64"} if sized.get("type") == "integer" else sized
    if isinstance(schema, list):
        parts: list[Any] = schema  # pyright: ignore[reportUnknownVariableType] - JSON
        return [_with_sizes(part) for part in parts]
    return schema

"""How a schema registry of the tests answers: Confluent's paths, and Apicurio's."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from tests.servers.registry_contents import Entry, RegistryContents


class Answer(msgspec.Struct, frozen=True):
    """An answer: status, body, and headers beside its length."""

    status: int
    body: bytes
    content_type: str = "application/json"
    artifact_type: str | None = None


def in_json(value: object, status: int = 200) -> Answer:
    """An answer in JSON."""
    return Answer(status, json.dumps(value).encode())


def confluent(
    contents: RegistryContents,
    method: str,
    steps: Sequence[str],
    query: Mapping[str, Sequence[str]],
    body: bytes,
) -> Answer:
    """Answer as Confluent's registry does."""
    match (method, *steps):
        case ("POST", "subjects", subject, "versions"):
            return _registered(contents, subject, json.loads(body))
        case ("GET", "schemas", "ids", number) if number.isdigit():
            return _schema(contents.by_id(int(number)), query, (40403, "Schema not found"))
        case ("GET", "schemas", "guids", guid):
            return _schema(contents.by_guid(guid), query, (40403, "Schema not found"))
        case ("GET", "subjects", subject, "versions", version):
            known = any(e.subject == subject for e in contents.entries)
            missing = (40402, "Version not found") if known else (40401, "Subject not found")
            return _schema(contents.at(subject, version), query, missing)
        case ("GET", "subjects"):
            return in_json(sorted({e.subject for e in contents.entries}))
        case _:
            return in_json({"error_code": 404, "message": "HTTP 404 Not Found"}, 404)


def _registered(contents: RegistryContents, subject: str, schema: dict[str, Any]) -> Answer:
    entry = contents.register(
        subject,
        schema["schema"],
        kind=schema.get("schemaType", "AVRO"),
        references=schema.get("references") or (),
    )
    return in_json(_described(entry, entry.text))


def _schema(
    entry: Entry | None, query: Mapping[str, Sequence[str]], missing: tuple[int, str]
) -> Answer:
    if entry is None:
        return in_json({"error_code": missing[0], "message": missing[1]}, 404)
    wants_serialized = "serialized" in query.get("format", ())
    text = entry.serialized if wants_serialized and entry.serialized else entry.text
    return in_json(_described(entry, text))


def _described(entry: Entry, text: str) -> Mapping[str, Any]:
    described: dict[str, Any] = {
        "id": entry.id,
        "guid": entry.guid,
        "subject": entry.subject,
        "version": entry.version,
        "schema": text,
    }
    if entry.kind != "AVRO":  # which is the default, and left out
        described["schemaType"] = entry.kind
    if entry.references:
        described["references"] = entry.references
    return described


def apicurio(
    contents: RegistryContents, steps: Sequence[str], apis: Collection[str], *, tells_types: bool
) -> Answer:
    """Answer as Apicurio's registry does; `steps` begin with the version of its API."""
    version, *rest = steps
    if version not in apis:
        return _no_path()
    wants_references = rest[-1:] == ["references"]
    match rest[:-1] if wants_references else rest:
        case ["ids", "contentIds", number]:
            entry, missing = contents.by_id(int(number)), "ContentNotFoundException"
        case ["ids", "globalIds", number]:
            entry, missing = contents.by_global_id(int(number)), "ArtifactNotFoundException"
        case ["groups", "default", "artifacts", name, "versions", at, *end] if end == (
            ["content"] if version == "v3" and not wants_references else []
        ):
            entry, missing = contents.at(name, at), "VersionNotFoundException"
        case _:
            return _no_path()
    if entry is None:
        return in_json(_problem(missing, f"No artifact '{rest}' was found."), 404)
    if wants_references:
        return in_json([_artifact_reference(r) for r in entry.references])
    kind = entry.kind if tells_types else None
    return Answer(200, entry.text.encode(), "application/octet-stream", artifact_type=kind)


def _artifact_reference(reference: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "groupId": None,
        "artifactId": reference["subject"],
        "version": str(reference["version"]),
        "name": reference["name"],
    }


def _no_path() -> Answer:
    return in_json(_problem("NotFoundException", "Could not find resource for full path"), 404)


def _problem(name: str, message: str) -> Mapping[str, Any]:
    return {"error_code": 404, "name": name, "message": message, "detail": f"{name}: {message}"}

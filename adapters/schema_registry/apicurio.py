"""
Apicurio's registry by its own API, version 3 or 2: whichever is there.

    ids/{contentIds|globalIds}/{id}                  the schema, and a header with its type
    ids/{contentIds|globalIds}/{id}/references       what it refers to
    groups/{group}/artifacts/{name}/versions/{v}     what is referred to; its text, in version 3,
                                                     at .../content

Version 2 and the first of version 3 do not tell the type: then the text does.
"""

import ssl
from collections.abc import Mapping, Sequence
from typing import cast
from urllib.parse import quote

import httpx2
import msgspec

from adapters.schema_registry.config import SchemaRegistryConfig
from adapters.schema_registry.registry import (
    Place,
    StoredSchema,
    foreign,
    format_of,
    malformed,
    not_found,
    number_of,
    refused,
    silent,
)
from domain.registered_schema import SchemaFormat, SchemaIdKind, SchemaReference

_LARGEST_ID = 2**63 - 1
_V2, _V3 = "/apis/registry/v2", "/apis/registry/v3"
_PATHS = {
    SchemaIdKind.APICURIO_CONTENT_ID: "ids/contentIds",
    SchemaIdKind.APICURIO_GLOBAL_ID: "ids/globalIds",
}
_ASK_FOR_TYPE = {"returnArtifactType": "true"}
_TYPE_HEADER = "X-Registry-ArtifactType"
_DEFAULT_GROUP = "default"
_NO_SUCH_PATH = 404
_CONNECT_TYPES = frozenset({"struct", "int8", "int16", "int32", "int64"})
_AVRO_TYPES = frozenset({"record", "enum", "fixed", "int", "long", "null"})
_JSON_TYPES = frozenset({"object", "integer", "number"})


class _Reference(msgspec.Struct, frozen=True, rename="camel"):
    """One of an artifact's references, as the registry lists them."""

    name: str
    artifact_id: str
    version: str
    group_id: str | None = None


class _Problem(msgspec.Struct, frozen=True):
    """An error of the registry; `name` is its class, and ``NotFoundException`` a wrong path."""

    name: str = ""
    message: str | None = None
    title: str | None = None

    @property
    def text(self) -> str:
        return self.message or self.title or ""

    @property
    def is_about_a_schema(self) -> bool:
        return self.name.endswith("NotFoundException") and self.name != "NotFoundException"


_read_references = msgspec.json.Decoder(Sequence[_Reference]).decode
_read_problem = msgspec.json.Decoder(_Problem).decode


class ApicurioRegistry:
    """
    A registry behind an HTTP client.

    Args:
        config: Where, and with which credentials.

    Raises:
        OSError: A certificate or key cannot be read.
    """

    def __init__(self, config: SchemaRegistryConfig) -> None:
        self._config = config
        (address,) = config.addresses
        is_whole = address.endswith((_V2, _V3))
        self._bases = [address] if is_whole else [address + _V3, address + _V2]
        self._client = _client(config)

    def find(self, reference: SchemaReference) -> StoredSchema:
        kind = _PATHS.get(reference.kind)
        if kind is None:
            raise foreign(self._config, reference)
        path = f"{kind}/{number_of(reference, largest=_LARGEST_ID)}"
        answer = self._get(path, reference)
        text = self._text(answer)
        named = answer.headers.get(_TYPE_HEADER)
        return StoredSchema(
            format=format_of(named, reference) if named else _guess(text),
            text=text,
            references=self._references(path, reference),
        )

    def referenced(self, place: Place, *, by: SchemaFormat) -> StoredSchema:
        group, name, version = (
            quote(part, safe="")
            for part in (place.group or _DEFAULT_GROUP, place.name, place.version)
        )
        path = f"groups/{group}/artifacts/{name}/versions/{version}"
        is_v2 = self._bases[0].endswith(_V2)  # known by now: what refers to it was found
        answer = self._get(path if is_v2 else f"{path}/content", place)
        return StoredSchema(
            format=by, text=self._text(answer), references=self._references(path, place)
        )

    def close(self) -> None:
        self._client.close()

    def _references(self, path: str, what: object) -> Mapping[str, Place]:
        answer = self._get(f"{path}/references", what)
        try:
            found = _read_references(answer.content)
        except msgspec.DecodeError as error:
            raise malformed(self._config, answer.text) from error
        return {r.name: Place(r.artifact_id, r.version, r.group_id) for r in found}

    def _get(self, path: str, what: object) -> httpx2.Response:
        base, *others = self._bases
        answer, problem = self._ask(f"{base}/{path}")
        if others and answer.status_code == _NO_SUCH_PATH and not problem.is_about_a_schema:
            (base,) = others
            answer, problem = self._ask(f"{base}/{path}")
        if answer.is_success or problem.is_about_a_schema:
            self._bases = [base]
        if problem.is_about_a_schema:
            raise not_found(self._config, what, problem.text)
        if not answer.is_success:
            raise refused(self._config, answer.status_code, problem.text or answer.text)
        return answer

    def _ask(self, url: str) -> tuple[httpx2.Response, _Problem]:
        try:
            answer = self._client.get(url, params=_ASK_FOR_TYPE)
        except httpx2.HTTPError as error:
            raise silent(self._config, error) from error
        if answer.is_success:
            return answer, _Problem()
        try:
            return answer, _read_problem(answer.content)
        except (msgspec.DecodeError, UnicodeDecodeError):  # a proxy's page
            return answer, _Problem()

    def _text(self, answer: httpx2.Response) -> str:
        try:
            text = answer.content.decode()
        except UnicodeDecodeError as error:
            raise malformed(self._config, str(answer.content)) from error
        if not text or "text/html" in answer.headers.get("Content-Type", ""):
            raise malformed(self._config, text)
        return text


def _client(config: SchemaRegistryConfig) -> httpx2.Client:
    context = (
        ssl.create_default_context(cafile=config.ssl_cafile)
        if config.ssl_cafile
        else httpx2.create_ssl_context()
    )
    if config.ssl_certfile:
        context.load_cert_chain(config.ssl_certfile, config.ssl_keyfile)
    token = config.bearer_token
    return httpx2.Client(
        verify=context,
        auth=(config.username, config.password or "") if config.username else None,
        headers={"Authorization": f"Bearer {token}"} if token else None,
        timeout=config.timeout,
    )


def _guess(text: str) -> SchemaFormat:
    """The format that a schema of unknown type is written in."""
    try:
        schema: object = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return SchemaFormat.PROTOBUF
    if not isinstance(schema, dict):  # Avro's short forms: "string", ["null", "string"]
        return SchemaFormat.JSON if isinstance(schema, bool) else SchemaFormat.AVRO
    fields = cast("dict[str, object]", schema)
    kind = str(fields.get("type", "object"))
    if kind in _JSON_TYPES or not {"$schema", "properties"}.isdisjoint(fields):
        return SchemaFormat.JSON
    is_connect = kind in _CONNECT_TYPES or ("optional" in fields and kind not in _AVRO_TYPES)
    return SchemaFormat.KCONNECT if is_connect else SchemaFormat.AVRO

"""What becomes of schemas on their way: references, Protobuf's forms, types that nobody tells."""

from contextlib import suppress

import pytest

from adapters.schema_registry.config import RegistryKind, SchemaRegistryConfig
from adapters.schema_registry.lookup import RegistrySchemas
from domain.errors import SchemaNotFoundError
from domain.registered_schema import SchemaFormat
from tests.servers.registry import RegistryServer, registry_server
from tests.servers.registry_apis import Answer, in_json
from tests.unit.schema_registry.registries import KINDS, SCHEMA, looking_up, named, registered

PROTO = 'syntax = "proto3"; message Value { int32 id = 1; }'


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_asked_for_once(kind: RegistryKind) -> None:
    with registry_server() as server:
        reference = registered(server, kind)
        with looking_up(SchemaRegistryConfig(url=server.url, kind=kind)) as lookup:
            lookup.find(reference)
            asked = list(server.requests)
            lookup.find(reference)

    assert server.requests == asked


@pytest.mark.parametrize("kind", KINDS)
def test_what_two_schemas_of_one_refer_to_is_asked_for_once(kind: RegistryKind) -> None:
    with registry_server() as server:
        contents = server.contents
        shared = contents.register("shared", '"int"')
        left = contents.register("left", '"long"', references=[shared.reference("s")])
        top = contents.register(
            "top", '"bytes"', references=[left.reference("l"), shared.reference("s")]
        )
        with looking_up(SchemaRegistryConfig(url=server.url, kind=kind)) as lookup:
            found = lookup.find(named(kind, top.id))

    assert found.references["s"] is found.references["l"].references["s"]
    of_shared = [r for r in server.requests if "/shared/" in r and "/references" not in r]
    assert len(of_shared) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_that_refers_to_itself_is_poison(kind: RegistryKind) -> None:
    with registry_server() as server:
        circle = {"name": "again", "subject": "circle", "version": 1}
        entry = server.contents.register("circle", '"int"', references=[circle])
        with (
            looking_up(SchemaRegistryConfig(url=server.url, kind=kind)) as lookup,
            pytest.raises(SchemaNotFoundError, match="version 1 of circle refers to itself"),
        ):
            lookup.find(named(kind, entry.id))


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_whose_reference_is_gone_is_poison(kind: RegistryKind) -> None:
    with registry_server() as server:
        gone = {"name": "gone", "subject": "gone", "version": 3}
        entry = server.contents.register("top", '"int"', references=[gone])
        with (
            looking_up(SchemaRegistryConfig(url=server.url, kind=kind)) as lookup,
            pytest.raises(SchemaNotFoundError, match="no schema for version 3 of gone"),
        ):
            lookup.find(named(kind, entry.id))


def test_deleted_schemas_are_asked_for_too_since_their_records_remain() -> None:
    with registry_server() as server:
        shared = server.contents.register("shared", '"int"')
        top = server.contents.register("top", '"long"', references=[shared.reference("s")])
        with looking_up(SchemaRegistryConfig(url=server.url)) as lookup:
            lookup.find(named("confluent", top.id))

    assert server.requests[-1] == "/subjects/shared/versions/1?deleted=true"


def test_protobuf_comes_compiled_with_its_imports() -> None:
    with registry_server() as server:
        contents = server.contents
        imported = contents.register("i", f"{PROTO}//i", kind="PROTOBUF", serialized="aW1wb3J0")
        entry = contents.register(
            "v",
            PROTO,
            kind="PROTOBUF",
            serialized="c2VyaWFsaXplZA==",
            references=[imported.reference("i.proto")],
        )
        with looking_up(SchemaRegistryConfig(url=server.url)) as lookup:
            found = lookup.find(named("confluent", entry.id))

    assert (found.format, found.text) == (SchemaFormat.PROTOBUF, "c2VyaWFsaXplZA==")
    assert found.references["i.proto"].text == "aW1wb3J0"


class WithoutSerialized(RegistryServer):
    """A registry that takes the format for an error."""

    def answer(self, method: str, target: str, authorization: str | None, body: bytes) -> Answer:
        """Answer, or refuse."""
        if "format=serialized" in target:
            return in_json({"error_code": 50001, "message": "Unsupported format"}, 500)
        return super().answer(method, target, authorization, body)


def test_protobuf_comes_as_text_where_the_registry_cannot_compile_it() -> None:
    server = WithoutSerialized()
    server.start()
    entry = server.contents.register("v", PROTO, kind="PROTOBUF")

    with looking_up(SchemaRegistryConfig(url=server.url)) as lookup:
        found = lookup.find(named("confluent", entry.id))
    server.stop()

    assert (found.format, found.text) == (SchemaFormat.PROTOBUF, PROTO)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"type":"record","name":"R","fields":[]}', SchemaFormat.AVRO),
        ('{"type":"record","name":"R","fields":[],"optional":true}', SchemaFormat.AVRO),
        ('["null","string"]', SchemaFormat.AVRO),
        ('"string"', SchemaFormat.AVRO),
        ('{"type":"long","connect.name":"io.debezium.time.MicroTimestamp"}', SchemaFormat.AVRO),
        ('{"type":"array","items":"string"}', SchemaFormat.AVRO),
        ('{"type":"struct","fields":[],"optional":false}', SchemaFormat.KCONNECT),
        ('{"type":"int64","optional":true}', SchemaFormat.KCONNECT),
        ('{"type":"string","optional":false}', SchemaFormat.KCONNECT),
        ('{"type":"object","properties":{}}', SchemaFormat.JSON),
        ('{"$schema":"http://json-schema.org/draft-07/schema#"}', SchemaFormat.JSON),
        ('{"oneOf":[{"type":"null"}]}', SchemaFormat.JSON),
        ('{"type":["object","null"],"properties":{}}', SchemaFormat.JSON),
        ("true", SchemaFormat.JSON),
        (PROTO, SchemaFormat.PROTOBUF),
        ("CgtzaG9wLnByb3Rv", SchemaFormat.PROTOBUF),
    ],
)
def test_the_text_tells_the_type_where_apicurio_does_not(text: str, expected: SchemaFormat) -> None:
    with registry_server() as server:
        entry = server.contents.register("subject", text)
        with looking_up(SchemaRegistryConfig(url=server.url, kind="apicurio")) as lookup:
            found = lookup.find(named("apicurio", entry.id))

    assert found.format is expected


def test_apicurio_is_believed_where_it_tells_the_type() -> None:
    with registry_server() as server:
        server.tells_types = True
        entry = server.contents.register("subject", '{"type":"string"}', kind="JSON")
        with looking_up(SchemaRegistryConfig(url=server.url, kind="apicurio")) as lookup:
            found = lookup.find(named("apicurio", entry.id))

    assert found.format is SchemaFormat.JSON


@pytest.mark.parametrize(("has", "wanted"), [("v2", "v2"), ("v3", "v3")])
def test_the_version_of_apicurio_is_found_out_once(has: str, wanted: str) -> None:
    with registry_server() as server:
        server.apis = frozenset({has})
        first = registered(server, "apicurio")
        second = server.contents.register("other", '"int"')
        with looking_up(SchemaRegistryConfig(url=server.url, kind="apicurio")) as lookup:
            lookup.find(first)
            server.requests.clear()
            lookup.find(named("apicurio", second.id))

    assert {request.split("/")[3] for request in server.requests} == {wanted}


def test_an_address_may_name_the_version_of_apicurio() -> None:
    with registry_server() as server:
        reference = registered(server, "apicurio")
        config = SchemaRegistryConfig(url=f"{server.url}/apis/registry/v2/", kind="apicurio")
        with looking_up(config) as lookup:
            found = lookup.find(reference)

    assert found == SCHEMA
    assert all(request.startswith("/apis/registry/v2/") for request in server.requests)


@pytest.mark.parametrize("is_there", [True, False])
def test_what_is_remembered_has_a_bound(*, is_there: bool) -> None:
    with registry_server() as server:
        if is_there:
            for number in range(3):
                server.contents.register(f"subject {number}", f'{{"type":"int","n":{number}}}')
        lookup = RegistrySchemas(SchemaRegistryConfig(url=server.url), most_kept=2)
        for number in (1, 2, 3, 3, 2, 1):
            with suppress(SchemaNotFoundError):
                lookup.find(named("confluent", number))
        lookup.close()

    asked = [request.rpartition("/")[2] for request in server.requests]
    assert asked == ["1", "2", "3", "1"]

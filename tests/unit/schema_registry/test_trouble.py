"""What is trouble, so that records wait, and what is poison, so that a record is quarantined."""

from pathlib import Path

import pytest

from adapters.schema_registry.config import RegistryKind, SchemaRegistryConfig
from domain.errors import SchemaNotFoundError, SchemaRegistryUnavailableError
from domain.registered_schema import SchemaIdKind, SchemaReference
from tests.servers.registry import registry_server
from tests.servers.registry_apis import Answer, in_json
from tests.unit.schema_registry.registries import KINDS, SCHEMA, looking_up, named, registered

PAGE = b"<html><body>We are down for maintenance</body></html>"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            in_json({"error_code": 40101, "message": "Unauthorized"}, 401),
            ["answered 401 (Unauthorized)", "schema_registry.username"],
        ),
        (
            in_json({"error_code": 40301, "message": "Forbidden"}, 403),
            ["answered 403 (Forbidden)", "schema_registry.username"],
        ),
        (
            in_json({"error_code": 500, "message": "leader is missing"}, 500),
            ["answered 500 (leader is missing)", "the registry's own log"],
        ),
        (Answer(502, PAGE, "text/html"), ["answered 502", "maintenance"]),
        (Answer(503, b""), ["answered 503", "the registry's own log"]),
        (in_json(["of", "another", "service"], 500), ["answered 500"]),
        (Answer(404, PAGE, "text/html"), ["answered 404", "schema_registry.url and kind"]),
        (
            in_json({"error_code": 404, "message": "HTTP 404 Not Found"}, 404),
            ["answered 404 (HTTP 404 Not Found)", "schema_registry.url and kind"],
        ),
        (Answer(302, b""), ["answered 302"]),
        (Answer(200, PAGE, "text/html"), ["<html><body>We are down", "a proxy"]),
        (Answer(200, b""), ["no registry's", "a proxy"]),
        (Answer(200, b"\xff\xfe\x00"), ["no registry's", "a proxy"]),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Answer) else "",
)
def test_an_answer_that_says_nothing_about_the_schema_is_trouble(
    kind: RegistryKind, answer: Answer, words: list[str]
) -> None:
    with registry_server() as server:
        reference = registered(server, kind)
        server.only_answer = answer
        with looking_up(SchemaRegistryConfig(url=server.url, kind=kind)) as lookup:
            with pytest.raises(SchemaRegistryUnavailableError) as caught:
                lookup.find(reference)
            server.only_answer = None
            found = lookup.find(reference)

    assert [word for word in [server.url, *words] if word not in str(caught.value)] == []
    assert found == SCHEMA


@pytest.mark.parametrize("body", [b"[]", b"{}", b'"text"', b'{"schema":null}', b'{"schema":7}'])
def test_json_that_is_no_schema_is_trouble(body: bytes) -> None:
    with (
        registry_server() as server,
        looking_up(SchemaRegistryConfig(url=server.url)) as lookup,
    ):
        server.only_answer = Answer(200, body)
        with pytest.raises(SchemaRegistryUnavailableError, match="no registry's"):
            lookup.find(named("confluent", 1))


def test_a_list_of_references_that_is_none_is_trouble() -> None:
    with (
        registry_server() as server,
        looking_up(SchemaRegistryConfig(url=server.url, kind="apicurio")) as lookup,
    ):
        server.only_answer = Answer(200, b'{"type":"record","name":"Value","fields":[]}')
        with pytest.raises(SchemaRegistryUnavailableError, match="no registry's"):
            lookup.find(named("apicurio", 1))


@pytest.mark.parametrize("kind", KINDS)
def test_a_registry_that_hangs_is_trouble(kind: RegistryKind) -> None:
    with registry_server() as server:
        reference = registered(server, kind)
        server.hangs = True
        config = SchemaRegistryConfig(url=server.url, kind=kind, timeout=0.1)
        with looking_up(config) as lookup, pytest.raises(SchemaRegistryUnavailableError) as caught:
            lookup.find(reference)

    assert "(timed out after schema_registry.timeout = 0.1 s)" in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_registry_in_trouble_is_asked_once_since_whoever_waits_holds_the_source(
    kind: RegistryKind,
) -> None:
    with registry_server() as server:
        server.only_answer = Answer(503, b"")
        with (
            looking_up(SchemaRegistryConfig(url=server.url, kind=kind)) as lookup,
            pytest.raises(SchemaRegistryUnavailableError),
        ):
            lookup.find(named(kind, 1))

    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_listening_is_trouble(kind: RegistryKind) -> None:
    with registry_server() as server:
        url = server.url
    with (
        looking_up(SchemaRegistryConfig(url=url, kind=kind)) as lookup,
        pytest.raises(SchemaRegistryUnavailableError, match="does not answer") as caught,
    ):
        lookup.find(named(kind, 1))

    assert url in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("setting", ["ssl_cafile", "ssl_certfile"])
def test_a_certificate_that_is_not_there_yet_is_trouble(
    kind: RegistryKind, setting: str, tmp_path: Path
) -> None:
    files = {setting: str(tmp_path / "missing.pem")}
    config = SchemaRegistryConfig(url="https://127.0.0.1:1", kind=kind, **files)  # type: ignore[arg-type] # only texts

    with (
        looking_up(config) as lookup,
        pytest.raises(SchemaRegistryUnavailableError, match=f"{setting}.*No such file"),
    ):
        lookup.find(named(kind, 1))


def test_the_next_of_several_addresses_is_tried() -> None:
    with registry_server() as gone:
        gone_url = gone.url
    with registry_server() as server:
        reference = registered(server, "confluent")
        config = SchemaRegistryConfig(url=f"{gone_url}, {server.url}/")
        with looking_up(config) as lookup:
            found = lookup.find(reference)

    assert found == SCHEMA


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", ["0", "-5", "18446744073709551615", "x", ""])
def test_an_id_that_no_registry_gives_out_is_poison_without_asking(
    kind: RegistryKind, number: str
) -> None:
    reference = SchemaReference(named(kind, 1).kind, number)
    with (
        registry_server() as server,
        looking_up(SchemaRegistryConfig(url=server.url, kind=kind)) as lookup,
        pytest.raises(SchemaNotFoundError, match="no registry gives out"),
    ):
        lookup.find(reference)

    assert server.requests == []


@pytest.mark.parametrize(
    ("kind", "other"),
    [("confluent", SchemaIdKind.APICURIO_GLOBAL_ID), ("apicurio", SchemaIdKind.CONFLUENT_GUID)],
)
def test_a_schema_in_the_other_kind_of_registry_is_poison(
    kind: RegistryKind, other: SchemaIdKind
) -> None:
    config = SchemaRegistryConfig(url="http://127.0.0.1:1", kind=kind)

    with (
        looking_up(config) as lookup,
        pytest.raises(SchemaNotFoundError, match=f"schema_registry.kind is {kind}"),
    ):
        lookup.find(SchemaReference(other, "1"))


def test_without_a_registry_a_record_that_names_a_schema_is_poison() -> None:
    with (
        looking_up(SchemaRegistryConfig()) as lookup,
        pytest.raises(SchemaNotFoundError, match=r"Set schema_registry\.url"),
    ):
        lookup.find(named("confluent", 5))


def test_a_schema_in_a_language_of_no_record_is_poison() -> None:
    with registry_server() as server:
        server.contents.register("subject", "openapi: 3", kind="OPENAPI")
        with (
            looking_up(SchemaRegistryConfig(url=server.url)) as lookup,
            pytest.raises(SchemaNotFoundError, match="'OPENAPI'"),
        ):
            lookup.find(named("confluent", 1))

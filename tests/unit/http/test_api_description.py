"""The description of `/api/v1`: valid OpenAPI 3.1, of what there really is."""

from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.unit.http.api_asking import Desk


async def test_the_description_is_valid() -> None:
    description = await Desk().told("/openapi.json")

    OpenAPIV31SpecValidator(description).validate()

    assert description["openapi"] == "3.1.0"


async def test_every_route_is_described() -> None:
    description = await Desk().told("/openapi.json")

    operations = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, methods in description["paths"].items()
        for method in methods
    }
    assert operations == {
        "GET /changes",
        "GET /changes/stream",
        "GET /changes/{id}",
        "GET /changes/{id}/revert",
        "GET /rows",
        "GET /rows/history",
        "GET /rows/at",
        "GET /rows/diff",
        "GET /tables/diff",
        "GET /export",
        "GET /transactions",
        "GET /transactions/of/{id}",
        "GET /statistics",
        "GET /health",
        "GET /gaps",
        "GET /gaps/{id}",
        "POST /gaps/{id}/acknowledge",
        "GET /quarantine",
        "GET /quarantine/{id}",
        "POST /quarantine/{id}/retry",
        "POST /quarantine/{id}/resolve",
        "GET /access-log",
    }


async def test_integers_say_that_they_have_64_bits() -> None:
    schemas: dict[str, Any] = (await Desk().told("/openapi.json"))["components"]["schemas"]

    offset = schemas["Position"]["properties"]["offset"]

    assert offset == {"type": "integer", "format": "int64"}
    assert {"type": "string"} in schemas["Change"]["properties"]["key_hash"]["anyOf"]


async def test_every_operation_may_refuse_in_the_same_form() -> None:
    paths: dict[str, Any] = (await Desk().told("/openapi.json"))["paths"]

    for methods in paths.values():
        for operation in methods.values():
            refusal = operation["responses"]["422"]["content"]["application/problem+json"]
            assert refusal["schema"] == {"$ref": "#/components/schemas/Problem"}

"""A client of `/api/v1` that others' code makes from its description asks a served trail."""

import importlib
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from openapi_python_client.cli import app as generator
from typer.testing import CliRunner

from domain.access import Role
from entrypoints.http.serving import Endpoint, serving
from tests.unit.http.api_asking import Desk


@asynccontextmanager
async def served(desk: Desk) -> AsyncGenerator[str]:
    """Serve the desk on a port of this machine; gives its address."""
    endpoint = Endpoint(name="page", app=desk.app, host="127.0.0.1", port=0, setting="http.port")
    async with serving([endpoint]) as (found,):
        yield found.url


@contextmanager
def made_client(description: bytes, folder: Path) -> Generator[None]:
    """Generate a client as the package `trail_client`, and let it be imported."""
    (folder / "openapi.json").write_bytes(description)
    order = ["generate", "--path", str(folder / "openapi.json"), "--meta", "none"]
    made = CliRunner().invoke(generator, [*order, "--output-path", str(folder / "trail_client")])
    assert made.exit_code == 0, made.output
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.split(".")[0] == "trail_client"]:
            del sys.modules[name]


def operation(name: str) -> Any:  # noqa: ANN401 - generated
    """The module of an operation, as the generator names it."""
    return importlib.import_module(f"trail_client.api.{name}")


async def test_a_generated_client_searches_reads_and_acknowledges(tmp_path: Path) -> None:
    desk = Desk()
    token = await desk.token(Role.OPERATOR)
    description = msgspec.json.encode(await desk.told("/openapi.json"))

    with made_client(description, tmp_path):
        async with served(desk) as url:
            client_module: Any = importlib.import_module("trail_client")
            models: Any = importlib.import_module("trail_client.models")
            client = client_module.AuthenticatedClient(base_url=url, token=token)
            async with client:
                page = await operation("changes.search_changes").asyncio(
                    client=client, table="orders", count=True
                )
                change = await operation("changes.get_change").asyncio("1-0-1", client=client)
                gone = await operation("changes.get_change").asyncio("9-9-9", client=client)
                noted = await operation("gaps.acknowledge_gap").asyncio(
                    "1", client=client, body=models.Reason(reason="known")
                )

    assert [found.id for found in page.changes] == ["1-0-2", "1-0-1", "1-0-0"]
    assert (page.count.number, page.count.is_exact) == (3, True)
    assert change.change.new == {"id": 7, "status": "paid"}
    assert (gone.status, gone.title) == (404, "Not found")
    assert noted.acknowledged.by == "ada"

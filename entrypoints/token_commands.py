"""`cdc-audit token ...`: who may look at the page and the API."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
import typer

from domain.access import Role
from entrypoints.command_parts import AsJson, ConfigFile, checked_settings, print_json

if TYPE_CHECKING:
    from application.access_tokens import AccessTokens
    from domain.access import AccessToken

app = typer.Typer(help="Make, list and revoke the tokens that open the page and the API.")

T = TypeVar("T")


@app.command("create")
def create(  # noqa: PLR0913 - options of a command
    name: Annotated[str, typer.Argument(help="Who or what it is for; the access log shows it.")],
    config: ConfigFile = None,
    *,
    role: Annotated[Role, typer.Option(help="What it allows.")] = Role.READER,
    table: Annotated[
        list[str] | None,
        typer.Option(help="Pattern of tables that it shows (public.*); again for more. All."),
    ] = None,
    days: Annotated[int, typer.Option(help="Days until it expires.")] = 90,
    as_json: AsJson = False,
) -> None:
    """Make a token, and print it. It is shown this once: only its hash is kept."""
    token, secret = _with_tokens(
        config, lambda tokens: tokens.create(name, role, tables=table or (), days=days)
    )
    if as_json:
        print_json({"id": token.id, "name": token.name, "token": secret})
        return
    sys.stdout.write(f"{secret}\n")
    sys.stderr.write(
        f"Token {token.id} for {token.name!r}: {token.role}, until {_day(token.expires_at)}. It is "
        f"not shown again; `cdc-audit token revoke {token.id}` ends it.\n"
    )


@app.command("list")
def list_them(config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """List every token, the newest first, without secrets."""
    found = _with_tokens(config, lambda tokens: tokens.list())
    if as_json:
        print_json({"tokens": found})
    else:
        _print_table(found)


@app.command("revoke")
def revoke(
    token_id: Annotated[int, typer.Argument(metavar="ID", help="Number, as `list` shows it.")],
    config: ConfigFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """End a token at once, and the sessions that it opened."""
    done = _with_tokens(config, lambda tokens: tokens.revoke(token_id))
    if as_json:
        print_json({"id": token_id, "revoked": done})
    elif done:
        sys.stdout.write(f"Token {token_id} is revoked.\n")
    if not done:
        sys.stderr.write(
            f"cdc-audit: no token {token_id} that is not revoked already. `cdc-audit token list` "
            f"shows what there is.\n"
        )
        raise typer.Exit(1)


def _with_tokens(file: Path | None, ask: "Callable[[AccessTokens], Awaitable[T]]") -> T:
    from adapters.postgres.access_store import PostgresTokenStore
    from adapters.postgres.pool import open_pool
    from entrypoints.http.page_access import access_tokens

    database = msgspec.structs.replace(checked_settings(file).sink_database, pool_size=1)

    async def asked() -> T:
        async with open_pool(database) as pool:
            return await ask(access_tokens(PostgresTokenStore(pool, database)))

    return asyncio.run(asked())


def _print_table(tokens: "Sequence[AccessToken]") -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from entrypoints.whole_lines import whole_lines

    console = whole_lines()
    table = Table(box=box.SIMPLE if console.is_terminal else None, pad_edge=False)
    for column in ("id", "name", "role", "tables", "made", "until", "last used", "now"):
        table.add_column(column, no_wrap=True)
    now = int(datetime.now(UTC).timestamp() * 1_000_000)
    for token in tokens:
        state = "valid" if token.is_valid(now) else "expired"
        cells = (
            str(token.id),
            token.name,
            token.role.value,
            ", ".join(token.tables.patterns) or "all",
            _day(token.created_at),
            _day(token.expires_at),
            "-" if token.last_used_at is None else _day(token.last_used_at),
            "revoked" if token.revoked_at is not None else state,
        )
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table, crop=False)


def _day(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC).strftime("%Y-%m-%d")

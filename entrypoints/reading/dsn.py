"""The address of a trail's database as PostgreSQL's own tools take it."""

import re
from collections.abc import Mapping

import msgspec
import typer
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo

from adapters.postgres.config import DatabaseConfig
from domain.errors import ConfigurationError

_SEARCH_PATH = re.compile(r"-c\s*search_path=([^\s,]+)")
_TAKEN = ("host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout")


def read_dsn(dsn: str) -> DatabaseConfig:
    """
    Read ``postgresql://user:password@host:port/database?...``, or libpq's ``host=... dbname=...``.

    What it leaves out comes from libpq's own variables (PGPASSWORD, PGUSER, ...) and password file.
    The trail's schema is the first of the search path, if `options` sets one, else ``public``.

    Raises:
        BadParameter: It is none. The text has nothing of it: a password may be anywhere in it.
    """
    try:
        given = {name: str(value) for name, value in conninfo_to_dict(dsn).items() if value}
        config = msgspec.convert(_settings({**_defaults(), **given}), DatabaseConfig, strict=False)
        config.validate()
    except (ProgrammingError, msgspec.ValidationError, UnicodeError):
        raise typer.BadParameter(
            "--dsn is no address that PostgreSQL understands. Write "
            "postgresql://user@host:5432/database, with special characters in names and password "
            "as %XX; the password may come from PGPASSWORD or a password file."
        ) from None
    except ConfigurationError as error:
        if error.field == "password":
            raise typer.BadParameter("--dsn: the password has a NUL in it.") from None
        raise typer.BadParameter(f"--dsn: {error}") from None
    return config


def _settings(given: Mapping[str, str]) -> Mapping[str, object]:
    settings: dict[str, object] = {name: given[name] for name in _TAKEN if name in given}
    user = given.get("user", "postgres")
    path = _SEARCH_PATH.search(given.get("options", ""))
    return {
        **settings,
        "username": user,
        "password": given.get("password", ""),  # libpq looks into its password file then
        "database": given.get("dbname", user),
        "schema": path[1].strip('"') if path else "public",
        "pool_size": 1,
    }


def _defaults() -> Mapping[str, str]:
    found = {option.keyword.decode(): option.val for option in Conninfo.get_defaults()}
    return {name: value.decode() for name, value in found.items() if value}

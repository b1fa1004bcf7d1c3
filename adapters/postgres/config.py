"""Settings of a PostgreSQL database."""

from collections.abc import Sequence
from typing import Any, Literal, get_args
from urllib.parse import quote, urlencode

import msgspec
from psycopg.conninfo import make_conninfo

from domain.errors import ConfigurationError

PartitionBy = Literal["month", "day", "year"]
SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
SessionAttributes = Literal["any", "read-write", "primary"]

DEFAULT_POOL_SIZE = 10
DEFAULT_MAX_OVERFLOW = 20

MAX_PORT = 65_535
MAX_IDENTIFIER_BYTES = 63
_LONGEST_PORT = 5  # digits

# A peer that vanished is noticed within a minute, on our side and on the server's.
_KEEPALIVE = {
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}


class DatabaseConfig(msgspec.Struct, kw_only=True):
    """
    How to reach a database.

    Attributes:
        host: Host name, address, or folder of the server's socket. Several, with commas between
            them, are tried in turn, also when the one that was used is gone: ``db-a,db-b:6432``.
        port: Port; of several hosts, of those that name none.
        username: User.
        password: Password. A secret.
        database: Database.
        schema: Schema that holds the tables.
        pool_size: Connections kept open.
        max_overflow: Further connections under load.
        pool_timeout: Seconds to wait for a free connection.
        pool_recycle: Seconds after which a connection is replaced.
        connect_timeout: Seconds to wait for a connection to be made.
        target_session_attrs: Which of several hosts will do, as libpq has it: ``read-write`` and
            ``primary`` pass over standbys, ``any`` takes the first that answers. None is
            ``read-write`` where there are several, and libpq's own default where there is one.
        sslmode: As libpq has it (``disable`` ... ``verify-full``).
        sslrootcert: Certificates to trust, PEM.
        sslcert: Our certificate, PEM.
        sslkey: Our key, PEM.
        writer_role: Role that the service takes for writing (``SET ROLE``); None takes none.
        reader_role: Role that the page and the query API take; None takes none.
        partition_by: ``month``, ``day`` or ``year``: how the trail is partitioned.
        statement_timeout: Seconds after which a query of a reader is given up.
    """

    host: str = "localhost"
    port: int = 5432
    username: str = "admin"
    password: str = "admin"  # noqa: S105 - the documented default; validate() refuses it outside DEVELOPMENT
    database: str = "sink_db"
    schema: str = "public"
    pool_size: int = DEFAULT_POOL_SIZE
    max_overflow: int = DEFAULT_MAX_OVERFLOW
    pool_timeout: int = 30
    pool_recycle: int = 3600
    connect_timeout: int = 10
    target_session_attrs: SessionAttributes | None = None
    sslmode: SslMode = "prefer"
    sslrootcert: str | None = None
    sslcert: str | None = None
    sslkey: str | None = None
    writer_role: str | None = None
    reader_role: str | None = None
    partition_by: PartitionBy = "month"
    statement_timeout: float = 10.0

    @property
    def connection_string(self) -> str:
        """
        SQLAlchemy's form of the address, ``postgresql+psycopg://...``, credentials encoded.

        It contains the password: never log it.
        """
        user = quote(self.username, safe="")
        password = quote(self.password, safe="")
        database = quote(self.database, safe="")
        query = {name: value for name, value in self._tls().items() if value is not None}
        if self.sslmode == "prefer":
            del query["sslmode"]  # libpq's own default
        if "," in self.host:
            hosts, ports = self._hosts
            attributes = self._wanted_session or "read-write"
            query = {"host": hosts, "port": ports, "target_session_attrs": attributes, **query}
            place = ""
        elif self.host.startswith("/"):
            query = {"host": self.host, **query}
            place = f":{self.port}"
        else:
            place = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        arguments = f"?{urlencode(query)}" if query else ""
        return f"postgresql+psycopg://{user}:{password}@{place}/{database}{arguments}"

    @property
    def conninfo(self) -> str:
        """Libpq's form of the address. It contains the password: never log it."""
        tls = {name: value for name, value in self._tls().items() if value is not None}
        hosts, ports = self._hosts
        return make_conninfo(
            host=hosts,
            port=ports,
            user=self.username,
            password=self.password,
            dbname=self.database,
            connect_timeout=self.connect_timeout,
            target_session_attrs=self._wanted_session,
            application_name="cdc-audit",
            client_encoding="UTF8",
            **_KEEPALIVE,
            **tls,
        )

    @property
    def address(self) -> str:
        """Where the database is, without credentials: for messages."""
        if "," in self.host:
            return f"{','.join(map(_written, self._places()))}/{self.database}"
        return f"{self.host}:{self.port}/{self.database}"

    def validate(self) -> None:
        """
        Check every value that has limits.

        Raises:
            ConfigurationError: The first wrong one: its name, the value and what is allowed.
        """
        for name, low, high in (
            ("port", 1, MAX_PORT),
            ("pool_size", 1, 1_000),
            ("max_overflow", 0, 1_000),
            ("pool_timeout", 1, 3_600),
            ("pool_recycle", 1, 7 * 86_400),
            ("connect_timeout", 1, 600),
            ("statement_timeout", 0.001, 86_400.0),
        ):
            _check_range(name, getattr(self, name), low, high)
        for name in ("host", "username", "database", "schema", "writer_role", "reader_role"):
            _check_name(name, getattr(self, name), is_identifier=name != "host")
        for host, port in self._places():
            _check_name("host", host, is_identifier=False)
            _check_range("port" if port == self.port else "host", port, 1, MAX_PORT)
        if "\0" in self.password:
            raise ConfigurationError("password", "has a NUL in it, which no password may have.")
        _check_word("sslmode", self.sslmode, get_args(SslMode))
        if self.target_session_attrs is not None:
            attributes = get_args(SessionAttributes)
            _check_word("target_session_attrs", self.target_session_attrs, attributes)
        _check_word("partition_by", self.partition_by, get_args(PartitionBy))
        if bool(self.sslcert) != bool(self.sslkey):
            missing = "sslkey" if self.sslcert else "sslcert"
            raise ConfigurationError(missing, "is missing: a certificate and its key go together.")
        if self.writer_role and self.writer_role == self.reader_role:
            raise ConfigurationError(
                "reader_role", f"is the writer's role too ({self.writer_role!r}): give two names."
            )

    @property
    def _wanted_session(self) -> SessionAttributes | None:
        return self.target_session_attrs or ("read-write" if "," in self.host else None)

    @property
    def _hosts(self) -> tuple[str, str]:
        """Libpq's lists of hosts and of their ports."""
        places = self._places()
        return ",".join(host for host, _ in places), ",".join(str(port) for _, port in places)

    def _places(self) -> Sequence[tuple[str, int]]:
        if "," not in self.host:
            return [(self.host, self.port)]
        return [_place(part.strip(), self.port) for part in self.host.split(",")]

    def _tls(self) -> dict[str, str | None]:
        return {
            "sslmode": self.sslmode,
            "sslrootcert": self.sslrootcert,
            "sslcert": self.sslcert,
            "sslkey": self.sslkey,
        }

    def __repr__(self) -> str:
        return f"DatabaseConfig({self.username}@{self.address}, schema={self.schema!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Give what `repr` shows to rich too, which otherwise shows every field."""
        return [("username", self.username), ("address", self.address), ("schema", self.schema)]


def _place(part: str, port: int) -> tuple[str, int]:
    """One host of several, and its port: an address of IPv6 with a port is in brackets."""
    host, _, digits = part.rpartition(":")
    is_named = digits.isascii() and digits.isdecimal() and len(digits) <= _LONGEST_PORT
    if host and is_named and (":" not in host or host.endswith("]")):
        return host.strip("[]"), int(digits)
    return part.strip("[]"), port


def _written(place: tuple[str, int]) -> str:
    host, port = place
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ConfigurationError(name, f"is {value!r}; allowed is {low:g} to {high:,}.")


def _check_name(name: str, value: str | None, *, is_identifier: bool) -> None:
    if value is None:
        return
    if not value or "\0" in value:
        raise ConfigurationError(name, f"is {value!r}; allowed is a name that is not empty.")
    if is_identifier and len(value.encode()) > MAX_IDENTIFIER_BYTES:
        raise ConfigurationError(
            name, f"has {len(value.encode())} bytes; PostgreSQL allows {MAX_IDENTIFIER_BYTES}."
        )


def _check_word(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigurationError(name, f"is {value!r}; allowed are {', '.join(allowed)}.")

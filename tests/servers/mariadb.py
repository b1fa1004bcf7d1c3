"""
A real MariaDB for tests, started from the system's programs and ended with the tests.

Without them, tests skip: Debian's package is ``mariadb-server``.
"""

import functools
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql
import pytest

from adapters.mysql.column_type_catalog import MySqlAddress
from tests.processes import wait_until
from tests.servers.shared import until_the_end

_SERVER = ("mariadbd", "/usr/sbin/mariadbd")
_INSTALL = ("mariadb-install-db", "/usr/bin/mariadb-install-db")
_HOST = "127.0.0.1"
_BINLOG = [  # what Debezium reads
    *("--log-bin=log", "--server-id=1", "--gtid-strict-mode=ON"),
    *("--binlog-format=ROW", "--binlog-row-image=FULL", "--binlog-row-metadata=FULL"),
]


@functools.cache
def mariadb_address() -> MySqlAddress:
    """Give the address of the test server with a user who may do anything; start it if need be."""
    server, install = (_program(names) for names in (_SERVER, _INSTALL))
    home = tempfile.TemporaryDirectory(prefix="cdc-mariadb-", ignore_cleanup_errors=True)
    until_the_end.callback(home.cleanup)
    data, log = Path(home.name, "data"), Path(home.name, "log")
    user = ["--user=root"] if os.geteuid() == 0 else []
    where = ["--no-defaults", f"--datadir={data}", *user]
    quiet = ["--auth-root-authentication-method=normal", "--skip-test-db"]
    with log.open("w") as output:
        subprocess.run([install, *where, *quiet], check=True, stdout=output, stderr=output)  # noqa: S603 - the system's
    port, path = _free_port(), str(Path(home.name, "socket"))
    place = [f"--socket={path}", f"--port={port}", f"--bind-address={_HOST}", *_BINLOG]
    with log.open("a") as output:
        process = subprocess.Popen([server, *where, *place], stdout=output, stderr=output)  # noqa: S603 - likewise
    until_the_end.callback(process.wait, 30)
    until_the_end.callback(process.terminate)
    wait_until(lambda: _listens(port), what=f"MariaDB; its log is {log}")
    password = secrets.token_hex(8)
    with pymysql.connect(unix_socket=path, user="root") as root, root.cursor() as cursor:
        cursor.execute("GRANT ALL ON *.* TO test@'%%' IDENTIFIED BY %s", (password,))
    return MySqlAddress(host=_HOST, port=port, username="test", password=password)


@contextmanager
def scratch_mariadb() -> Generator[str]:
    """Make a database for one test, and drop it afterwards."""
    name = f"cdc_audit_test_{secrets.token_hex(6)}"
    execute("", f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    try:
        yield name
    finally:
        execute("", f"DROP DATABASE {name}")


def execute(database: str, *statements: str) -> Sequence[tuple[Any, ...]]:
    """Execute in `database`, and give the rows of the last statement."""
    address = mariadb_address()
    rows: Sequence[tuple[Any, ...]] = ()
    with (
        pymysql.connect(
            host=address.host,
            port=address.port,
            user=address.username,
            password=address.password,
            database=database or None,
            autocommit=True,
        ) as connection,
        connection.cursor() as cursor,
    ):
        for statement in statements:
            cursor.execute(statement)
            rows = cursor.fetchall()
    return rows


def _program(names: Sequence[str]) -> str:
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no MariaDB: there is no {names[0]} (Debian: mariadb-server)")
    return found


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((_HOST, 0))
        port: int = free.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    try:
        socket.create_connection((_HOST, port)).close()
    except ConnectionError:
        return False
    return True

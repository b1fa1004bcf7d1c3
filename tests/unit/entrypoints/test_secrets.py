"""Secrets never show: planted everywhere, and looked for in all that the program says."""

import io
import logging
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pytest
import rich
from aiokafka.errors import KafkaError

from adapters.embedded.errors import EmbeddedServerError
from adapters.kafka.config import KafkaConfig
from adapters.kafka.consumer import new_consumer
from adapters.postgres.config import DatabaseConfig
from adapters.postgres.database import get_database_manager
from domain.errors import ConfigurationError
from domain.errors import ConnectionError as DatabaseConnectionError
from entrypoints.library import app_config
from entrypoints.settings import AppConfig, forget_app_config, load_config
from tests.processes import wait_until
from tests.servers.kafka_server import KafkaServer
from tests.servers.postgres import database_config

SECRET = "hunter2"  # noqa: S105 - planted, to be looked for
COMMAND = (sys.executable, "-P", "-m", "entrypoints.cli")


@pytest.fixture(autouse=True)
def _process_without_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    forget_app_config()


def planted(folder: Path) -> Mapping[str, str]:
    """A secret of its own in each place where a secret can stand."""
    (folder / "secret").write_text(f"{SECRET}-of-a-file\n")
    (folder / "cdc-audit.toml").write_text(f'[source_database]\npassword = "{SECRET}-of-toml"\n')
    return {
        "CDC_AUDIT_SINK_DATABASE_PASSWORD": f"{SECRET}-of-a-variable",
        "CDC_AUDIT_KAFKA_SASL_USERNAME": "audit",
        "CDC_AUDIT_KAFKA_SASL_PASSWORD_FILE": str(folder / "secret"),
    }


def at_wrong_password(database: DatabaseConfig) -> Mapping[str, str]:
    return {
        "CDC_AUDIT_SINK_DATABASE_HOST": database.host,
        "CDC_AUDIT_SINK_DATABASE_PORT": str(database.port),
        "CDC_AUDIT_SINK_DATABASE_USERNAME": database.username,
        "CDC_AUDIT_SINK_DATABASE_DATABASE": database.database,
    }


def ran(folder: Path, *argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own program
        [*COMMAND, *argv],
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def configured(folder: Path) -> AppConfig:
    return load_config(environ=planted(folder))


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_config_hides_every_secret_and_is_silent_beside(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    environ = {**planted(tmp_path), "CDC_AUDIT_SINK_DATABASE_PORT": "1"}

    shown = ran(tmp_path, "config", *options, **environ)

    assert shown.returncode == 0
    assert shown.stdout.count("(hidden)") == 3
    assert SECRET not in shown.stdout
    assert shown.stderr == ""


def test_settings_hide_every_secret_however_they_are_shown(tmp_path: Path) -> None:
    config = configured(tmp_path)
    passwords = (config.sink_database.password, config.source_database.password)
    drawn = io.StringIO()

    rich.print(config, config.kafka, config.sink_database, file=drawn)
    texts = [
        repr(config),
        str(config),
        f"{config.kafka!r} {config.kafka}",
        f"{config.sink_database!r} {config.source_database}",
        repr(msgspec.structs.replace(config.kafka)),
        msgspec.json.encode(config.to_dict()).decode(),
        drawn.getvalue(),
    ]

    assert all(SECRET in password for password in (*passwords, config.kafka.sasl_password or ""))
    assert [text for text in texts if SECRET in text] == []
    assert "sasl_password='(hidden)'" in repr(config.kafka)


def test_a_password_that_is_not_given_reads_as_such() -> None:
    assert "sasl_password=None" in repr(KafkaConfig())


def test_the_process_s_own_settings_hide_them_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in planted(tmp_path).items():
        monkeypatch.setenv(name, value)
    forget_app_config()
    drawn = io.StringIO()

    rich.print(app_config, file=drawn)

    assert SECRET in app_config.sink_database.password
    assert SECRET not in repr(app_config) + str(app_config) + drawn.getvalue()


@pytest.mark.parametrize(
    ("environ", "toml"),
    [
        ({"CDC_AUDIT_SINK_DATABASE_PASSWRD": SECRET}, ""),
        ({"CDC_AUDIT_SINK_DATABASE": SECRET}, ""),
        ({"CDC_AUDIT_SINK_DATABASE_PASSWORD": f"{SECRET}\udcff"}, ""),
        ({"CDC_AUDIT_SINK_DATABASE_PASSWORD_FILE": "secret"}, ""),
        ({"CDC_AUDIT_KAFKA_SASL_PASSWORD": SECRET, "CDC_AUDIT_KAFKA_SASL_PASSWORD_FILE": "x"}, ""),
        ({}, "[sink_database]\npassword = ['hunter2']"),
        ({}, "[sink_database.password]\nhunter2 = 'hunter2'"),
        ({}, "[kafka]\nsasl_password = { value = 'hunter2' }"),
        ({}, "sink_database = 'postgresql://audit:hunter2@db/sink'"),
        ({}, "[sink_database]\npassword = hunter2"),
        ({}, "[sink_database]\npassword = 'hunter2"),
        ({}, "[sink_database]\npassword = 'hunter2'\npassword = 'hunter2'"),
        ({"CDC_AUDIT_ENVIRONMENT": "production"}, "[source_database]\npassword = 'hunter2'"),
    ],
    ids=str,
)
def test_no_error_about_a_setting_shows_a_secret(
    tmp_path: Path, environ: Mapping[str, str], toml: str
) -> None:
    (tmp_path / "cdc-audit.toml").write_text(toml)
    (tmp_path / "secret").write_bytes(b"hunter2\0 with a NUL in it")

    with pytest.raises(ConfigurationError) as caught:
        load_config(environ=environ).validate()

    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.postgres
async def test_a_refused_password_shows_in_no_error_and_no_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    database = database_config("postgres", password=f"{SECRET}-refused", pool_timeout=5)
    manager = await get_database_manager(database)

    try:
        with pytest.raises(DatabaseConnectionError, match="password authentication failed") as seen:
            async with manager.session():
                pass
    finally:
        await manager.close()

    assert SECRET not in "".join(traceback.format_exception(seen.value))
    assert "error connecting" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.postgres
@pytest.mark.parametrize(("command", "status"), [("migrate", 1), ("config", 0)])
def test_a_command_says_that_the_password_is_refused_and_not_which(
    tmp_path: Path, command: str, status: int
) -> None:
    environ = {**planted(tmp_path), **at_wrong_password(database_config("postgres"))}

    shown = ran(tmp_path, command, **environ)

    assert shown.returncode == status
    assert "password authentication failed" in shown.stdout + shown.stderr
    assert SECRET not in shown.stdout + shown.stderr


@pytest.mark.postgres
@pytest.mark.parametrize("style", ["line", "json", "terminal"])
def test_a_service_that_debugs_a_refused_password_does_not_log_it(
    tmp_path: Path, style: str
) -> None:
    log = tmp_path / "log"
    environ = {
        **planted(tmp_path),
        **at_wrong_password(database_config("postgres")),
        "CDC_AUDIT_DEBUG": "true",
        "CDC_AUDIT_LOGGING_LEVEL": "DEBUG",
        "CDC_AUDIT_LOGGING_FORMAT": style,
        "CDC_AUDIT_KAFKA_TOPICS": "orders",
        "CDC_AUDIT_TRANSFORM_ENGINE": "inprocess",
        "CDC_AUDIT_HTTP_PORT": "0",
        "CDC_AUDIT_MONITORING_HEALTH_CHECK_PORT": "0",
        "CDC_AUDIT_MONITORING_METRICS_PORT": "0",
    }

    with log.open("wb") as target:
        service = subprocess.Popen(  # noqa: S603 - our own program
            [*COMMAND, "run"],
            cwd=tmp_path,
            env={**os.environ, **environ},
            stdout=target,
            stderr=target,
        )
        try:
            wait_until(
                lambda: "waiting for the database" in log.read_text(), what="the refused password"
            )
        finally:
            service.send_signal(signal.SIGTERM)
            status = service.wait()

    assert status == 0
    assert "password authentication failed" in " ".join(log.read_text().split())
    assert SECRET not in log.read_text()


@pytest.mark.kafka
@pytest.mark.parametrize("password", ["refused", "right"])
async def test_a_password_of_kafka_shows_in_no_error_and_no_log(
    caplog: pytest.LogCaptureFixture, sasl_broker: KafkaServer, password: str
) -> None:
    caplog.set_level(logging.DEBUG)
    consumer = new_consumer(
        KafkaConfig(
            bootstrap_servers=[sasl_broker.address("SASL_PLAINTEXT")],
            security_protocol="SASL_PLAINTEXT",
            sasl_username="audit",
            sasl_password=f"{SECRET}-{password}",
        )
    )

    error: KafkaError | None = None
    try:
        await consumer.start()
    except KafkaError as refused:
        error = refused
    finally:
        await consumer.stop()

    assert (error is None) == (password == "right")  # noqa: S105 - a word of this test
    assert SECRET not in "".join(traceback.format_exception(error))
    assert "Request to" in caplog.text
    assert SECRET not in caplog.text


@pytest.fixture(scope="module")
def sasl_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """A broker that asks for a password: the user audit has one."""
    module = "org.apache.kafka.common.security.plain.PlainLoginModule"
    settings = {
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.sasl_plaintext.plain.sasl.jaas.config": (
            f'{module} required user_audit="{SECRET}-right";'
        ),
    }
    broker = KafkaServer(
        tmp_path_factory.mktemp("kafka"),
        protocols=("PLAINTEXT", "SASL_PLAINTEXT"),
        settings=settings,
    )
    try:
        broker.start()
    except EmbeddedServerError as error:
        pytest.skip(f"no Kafka of our own: {error}")
    yield broker
    broker.stop()

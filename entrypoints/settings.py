"""
The settings: every section, its defaults, its checks. Nothing is read until someone asks.

`AppConfig.from_env()` reads the file and the environment (see `settings_sources`); `app_config`
does so at its first use, so that an import neither reads anything nor fails.
"""

import enum
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, cast

import msgspec

from adapters.debezium.config import DecoderConfig
from adapters.kafka.config import KafkaConfig
from adapters.postgres.config import DatabaseConfig
from adapters.ray.config import RayConfig
from adapters.schema_registry.config import SchemaRegistryConfig
from application.consumer_config import ConsumerConfig
from domain.errors import ConfigurationError
from entrypoints.http.access_config import AccessConfig, check_access
from entrypoints.http.config import MonitoringConfig, PageConfig
from entrypoints.program_version import program_version
from entrypoints.redaction_config import (
    QuarantineConfig,
    RedactionConfig,
    quarantine_protection,
)
from entrypoints.settings_sources import read_settings
from entrypoints.settings_values import HIDDEN, check_types, is_secret
from entrypoints.source_catalog import SourceDatabaseConfig
from entrypoints.table_config import TableConfig, check_tables

DEFAULT_PASSWORD = DatabaseConfig().password


class Environment(enum.StrEnum):
    """Where the program runs. Outside DEVELOPMENT, `validate` refuses the default password."""

    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


class LoggingConfig(msgspec.Struct, kw_only=True):
    """
    How the program tells what it does, on standard error.

    Attributes:
        level: The least important messages that are shown.
        format: ``line`` (one line of text), ``json`` (one object a line), ``terminal`` (colours);
            ``auto`` is ``terminal`` on a terminal and ``line`` elsewhere.
    """

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["auto", "line", "json", "terminal"] = "auto"


class TransformConfig(msgspec.Struct, kw_only=True):
    """
    Where records are decoded.

    Attributes:
        engine: ``ray`` (actors; in this process until they are up, or when they are gone), or
            ``inprocess``, which never imports Ray.
    """

    engine: Literal["ray", "inprocess"] = "ray"


class AppConfig(msgspec.Struct, kw_only=True):
    """
    All settings.

    Attributes:
        environment: Where the program runs.
        debug: Whether errors come with tracebacks, and the log with DEBUG messages.
        app_name: Name in logs, metrics and traces.
        version: Version of the program. Not a setting.
        kafka: The source.
        sink_database: The database of the trail.
        source_database: The database that Debezium reads: for comparing the trail with it. Where
            it is configured, the service asks its catalog for the types of columns, for records
            that carry no schema.
        logging: The log.
        monitoring: Metrics and health.
        consumer: Batches and times.
        transform: Where records are decoded.
        decoder: How records are recognised and decoded.
        schema_registry: The registry of the schemas that records name.
        redaction: What is dropped, masked, hashed or hidden.
        quarantine: What is kept of records that could not be audited.
        ray: The Ray cluster.
        http: The page.
        access: Who may look at the page and `/api/v1`.
        tables: What is said of single tables, by ``schema.table``; where there are no schemas,
            by ``database.table``.
        origins: Where each value that is not a default came from, by ``section.field``.
    """

    environment: Environment = Environment.DEVELOPMENT
    debug: bool = False
    app_name: str = "cdc-audit"
    version: str = msgspec.field(default_factory=program_version)
    kafka: KafkaConfig = msgspec.field(default_factory=KafkaConfig)
    sink_database: DatabaseConfig = msgspec.field(default_factory=DatabaseConfig)
    source_database: SourceDatabaseConfig = msgspec.field(
        default_factory=lambda: SourceDatabaseConfig(database="source_db")
    )
    logging: LoggingConfig = msgspec.field(default_factory=LoggingConfig)
    monitoring: MonitoringConfig = msgspec.field(default_factory=MonitoringConfig)
    consumer: ConsumerConfig = msgspec.field(default_factory=ConsumerConfig)
    transform: TransformConfig = msgspec.field(default_factory=TransformConfig)
    decoder: DecoderConfig = msgspec.field(default_factory=DecoderConfig)
    schema_registry: SchemaRegistryConfig = msgspec.field(default_factory=SchemaRegistryConfig)
    redaction: RedactionConfig = msgspec.field(default_factory=RedactionConfig)
    quarantine: QuarantineConfig = msgspec.field(default_factory=QuarantineConfig)
    ray: RayConfig = msgspec.field(default_factory=RayConfig)
    http: PageConfig = msgspec.field(default_factory=PageConfig)
    access: AccessConfig = msgspec.field(default_factory=AccessConfig)
    tables: dict[str, TableConfig] = {}
    origins: Mapping[str, str] = {}

    @classmethod
    def from_env(cls) -> "AppConfig":
        """
        Read the configuration file, if there is one, and the environment, which wins.

        Raises:
            ConfigurationError: A key is unknown, or a value has the wrong type.
        """
        return load_config()

    def validate(self) -> None:
        """
        Check every value, and those that must fit each other.

        Raises:
            ConfigurationError: The first wrong one, with where it came from.
        """
        try:
            self._validate_sections()
            self._validate_together()
        except ConfigurationError as error:
            whole = error.field.partition(".")[0]
            origin = self.origins.get(error.field, self.origins.get(whole))
            source = error.source or origin
            raise ConfigurationError(error.field, error.problem, source=source) from None

    def to_dict(self) -> dict[str, Any]:
        """Give all settings as plain values; a secret that is set reads ``(hidden)``."""
        whole: dict[str, Any] = msgspec.to_builtins(self)
        del whole["origins"]
        tables = whole.pop("tables")  # columns may have any name, and their types are no secret
        return {**cast("dict[str, Any]", _without_secrets(whole)), "tables": tables}

    def _validate_sections(self) -> None:
        for name, section in self._sections().items():
            try:
                check_types(section)
                getattr(section, "validate", _nothing_to_check)()
            except ConfigurationError as error:
                bare = error.field.removeprefix(f"{name}.")
                raise ConfigurationError(
                    f"{name}.{bare}", error.problem, source=error.source
                ) from None

    def _sections(self) -> dict[str, msgspec.Struct]:
        fields = {f.name: getattr(self, f.name) for f in msgspec.structs.fields(self)}
        return {name: v for name, v in fields.items() if isinstance(v, msgspec.Struct)}

    def _validate_together(self) -> None:
        if self.environment is not Environment.DEVELOPMENT:
            self._refuse_default_passwords()
        quarantine_protection(self.quarantine, self.redaction.rules)
        check_tables(self.tables)
        check_access(self.access, self.http)
        places = {
            "monitoring.metrics_port": self.monitoring.metrics_port,
            "monitoring.health_check_port": self.monitoring.health_check_port,
            "http.port": self.http.port,
        }
        for field, port in sorted(places.items(), key=lambda place: place[0] not in self.origins):
            others = [other for other, p in places.items() if p == port and other != field]
            if port and others:
                raise ConfigurationError(
                    field, f"port {port} is also {others[0]}: give each server its own."
                )

    def _refuse_default_passwords(self) -> None:
        databases = {"sink_database": self.sink_database}
        if any(field.startswith("source_database.") for field in self.origins):
            databases["source_database"] = self.source_database
        for name, database in databases.items():
            if database.password == DEFAULT_PASSWORD:
                raise ConfigurationError(
                    f"{name}.password",
                    f"the default password is refused in {self.environment.value}. Set "
                    f"CDC_AUDIT_{name.upper()}_PASSWORD, or CDC_AUDIT_{name.upper()}_PASSWORD_FILE "
                    "to a file that holds it.",
                )


def load_config(file: Path | None = None, *, environ: Mapping[str, str] | None = None) -> AppConfig:
    """
    Read the settings from `file` (or the one that the environment names) and the environment.

    Raises:
        ConfigurationError: A key is unknown, or a value has the wrong type.
    """
    given = os.environ if environ is None else environ
    config, origins = read_settings(AppConfig, environ=given, file=file)
    config.origins = origins
    return config


def _nothing_to_check() -> None:
    """Stand in for the `validate` of a section whose types say everything."""


def _without_secrets(value: object, name: str = "") -> object:
    if isinstance(value, dict):
        items = cast("dict[str, object]", value)
        return {key: _without_secrets(inner, key) for key, inner in items.items()}
    return HIDDEN if is_secret(name) and value is not None else value


class _AtFirstUse:
    """
    Stand for an `AppConfig` that is read when an attribute of it is first used.

    A wrong setting then is an error of whoever uses it, not of whoever imports the module.
    """

    __slots__ = ("_config",)

    def _loaded(self) -> AppConfig:
        try:
            return cast("AppConfig", object.__getattribute__(self, "_config"))
        except AttributeError:
            config = load_config()
            object.__setattr__(self, "_config", config)
            return config

    def forget(self) -> None:
        """Read the settings anew at the next use."""
        with suppress(AttributeError):
            object.__delattr__(self, "_config")

    # isinstance must say yes
    __class__ = cast("Any", property(lambda _: AppConfig))  # pyright: ignore[reportIncompatibleMethodOverride]

    def __getattr__(self, name: str) -> object:
        return getattr(self._loaded(), name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._loaded(), name, value)

    def __repr__(self) -> str:
        return repr(self._loaded().to_dict())


app_config = cast("AppConfig", _AtFirstUse())
"""The settings of this process, read at first use."""


def forget_app_config() -> None:
    """Let `app_config` be read anew at its next use: the environment has changed."""
    cast("_AtFirstUse", app_config).forget()

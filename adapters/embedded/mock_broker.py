"""
A Kafka broker for the demo and for injected faults: librdkafka's mock cluster.

It speaks the protocol on a free port of loopback and keeps everything in memory. What it cannot
do: a second member in a group, transactions, `offsets_for_times`, more than 5 MiB a partition
(older batches go, silently). It is no broker for production, and none for tests of guarantees.
"""

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from adapters.embedded.errors import EmbeddedServerError
from adapters.embedded.guarded_process import GuardedProcess, Launch

PROGRAM = Path(__file__).with_name("mock_broker_program.py")
LIBRARIES = ("../confluent_kafka.libs/librdkafka*.so*", ".dylibs/librdkafka*.dylib")


class MockBroker:
    """
    One broker, started with `start` and ended with `stop` or as a context manager.

    Args:
        topics: Topics to make, and how many partitions each has.
        log: File for what it has to say.
    """

    def __init__(self, topics: Mapping[str, int], *, log: Path) -> None:
        self.bootstrap = ""
        self._topics = topics
        self._log = log
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
    def pid(self) -> int | None:
        """Process id of its guard; None unless it runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """
        Start it; `bootstrap` then has its address.

        Raises:
            EmbeddedServerError: It is not installed, or did not start.
        """
        topics = [f"{topic}:{partitions}" for topic, partitions in self._topics.items()]
        command = [sys.executable, "-I", "-S", str(PROGRAM), str(find_librdkafka()), *topics]
        launch = Launch(name="mock broker", command=command, log=self._log, talks=True)
        self._process = GuardedProcess(launch)
        try:
            self.bootstrap = self._process.read_line().decode()
        except BaseException:
            self.stop()
            raise

    def check(self) -> None:
        """
        Raise if it has ended by itself.

        Raises:
            EmbeddedServerError: It has: the text shows the end of its log.
        """
        if self._process:
            self._process.check()

    def stop(self) -> None:
        """Stop it and forget its records. May be called again."""
        if self._process:
            self._process.stop()
            self._process = None


def find_librdkafka() -> Path:
    """
    The shared library inside confluent-kafka's wheel: beside the package, on macOS inside it.

    Raises:
        EmbeddedServerError: It is not there.
    """
    spec = importlib.util.find_spec("confluent_kafka")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for pattern in LIBRARIES:
            folder, _, name = pattern.rpartition("/")
            for library in sorted((Path(place) / folder).resolve().glob(name)):
                return library
    raise EmbeddedServerError(
        "mock broker",
        "librdkafka was not found inside confluent-kafka: it must be installed as a wheel, "
        "not built from source. Run `pip install --force-reinstall --only-binary :all: "
        "confluent-kafka`.",
    )

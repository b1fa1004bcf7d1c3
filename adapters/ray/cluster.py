"""
Ray itself: the one module that imports it, and only in the driver process.

Measured with Ray 2.60, and the reasons for a process of its own: a driver whose raylet died exits
at its next large argument, one whose GCS died exits after 60 seconds, and `ray.init` writes to
standard output and takes SIGTERM. A local Ray listens on loopback only if it is told to before
the import: with `_node_ip_address` alone it listens on all interfaces.
"""

import asyncio
import os
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from adapters.ray import worker as worker_module
from adapters.ray.config import RayConfig
from adapters.ray.errors import WorkerLostError
from adapters.ray.frames import Order
from adapters.ray.versions import Versions, require_same
from adapters.ray.worker import TransformWorker
from domain.errors import ConfigurationError, TransformerUnavailableError

if TYPE_CHECKING:
    from ray import ActorHandle

_CONNECT_TIMEOUT = 5.0
_CHECK_INTERVAL = 1.0


class RayWorker:
    """
    One actor.

    Args:
        actor: Ray's handle of it.
        timeout: Seconds within which it must have answered for a batch.
    """

    def __init__(self, actor: "ActorHandle", *, timeout: float) -> None:
        self._actor = actor
        self._timeout = timeout

    async def check(self, versions: Versions) -> None:
        """Compare its versions, and let it load what it needs."""
        from ray.exceptions import RayTaskError  # noqa: PLC0415 - see the module's docstring

        require_same(Versions(*(await self._actor.versions.remote())), versions)
        try:
            await self._actor.prepare.remote()
        except RayTaskError as error:
            raise ConfigurationError(
                "ray.address", f"a worker cannot load the decoder: {last_line(error)}"
            ) from error

    async def transform(self, packed: bytes) -> bytes:
        """
        Transform a packed batch.

        Raises:
            WorkerLostError: It died, failed, or did not answer in time. It is not to be used again.
        """
        from ray.exceptions import RayError  # noqa: PLC0415 - see the module's docstring

        try:
            async with asyncio.timeout(self._timeout):
                answer: bytes = await self._actor.transform.remote(packed)
        except TimeoutError as error:
            reason = f"it did not answer within {self._timeout:g} s"
            raise WorkerLostError(reason) from error
        except RayError as error:
            raise WorkerLostError(last_line(error)) from error
        return answer

    async def answers(self) -> bool:
        """Whether it is there, and answers in time."""
        from ray.exceptions import RayError  # noqa: PLC0415 - see the module's docstring

        try:
            async with asyncio.timeout(_CONNECT_TIMEOUT):
                await self._actor.versions.remote()
        except (TimeoutError, RayError):
            return False
        return True

    def end(self) -> None:
        """End its process."""
        import ray  # noqa: PLC0415 - see the module's docstring
        from ray.exceptions import RayError  # noqa: PLC0415 - as above

        with suppress(RayError):
            ray.kill(self._actor)


class RayCluster:
    """
    A cluster that was started, or joined.

    Args:
        order: How, and what the workers do.
    """

    def __init__(self, order: Order) -> None:
        self._config = order.config
        self._versions = order.versions
        self._work = order.work
        self._places: Mapping[str, Any] = {}
        self._imported = False

    def start(self) -> None:
        """
        Start a local Ray or join the cluster. It blocks for seconds; in the main thread only.

        Raises:
            ConfigurationError: Ray is not installed, or the cluster's Ray or Python is another one.
            TransformerUnavailableError: It did not come.
        """
        _prepare_environment(self._config)
        try:
            import ray  # noqa: PLC0415 - see the module's docstring
        except ImportError as error:
            raise ConfigurationError(
                "transform.engine",
                f"it is ray, and Ray cannot be imported ({error}). Install it, or set inprocess.",
            ) from error
        self._imported = True
        try:
            self._places = ray.init(**_arguments(self._config)).address_info
        except Exception as error:  # Ray raises what it likes, bare Exception among it
            if "Version mismatch" in str(error):
                raise ConfigurationError("ray.address", str(error)) from error
            raise TransformerUnavailableError(f"Ray did not start: {last_line(error)}") from error
        # By value: the actor must be able to tell its version where ours is not installed.
        ray.cloudpickle.register_pickle_by_value(worker_module)

    def most_workers(self) -> int:
        """Tell how many workers there may be now, at least one: a cluster's CPUs come and go."""
        import ray  # noqa: PLC0415 - see the module's docstring

        seen = self._config.most or max(1, int(ray.cluster_resources().get("CPU", 1)))
        return max(seen, self._config.least)

    async def start_worker(self) -> RayWorker:
        """
        Start a worker, and see that it is one of ours.

        Raises:
            ConfigurationError: It runs another program, or cannot load ours.
            TransformerUnavailableError: It did not come.
        """
        import ray  # noqa: PLC0415 - see the module's docstring
        from ray.exceptions import RayError  # noqa: PLC0415 - as above

        # Neither restarts nor retries by Ray: restarted, an actor would run what is queued in
        # another order, on a node that nobody checked; a record that kills would kill for ever.
        remote = ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(TransformWorker)
        try:
            worker = RayWorker(remote.remote(self._work), timeout=self._config.answer_timeout)
            async with asyncio.timeout(self._config.start_timeout):
                await worker.check(self._versions)
        except TimeoutError as error:
            raise TransformerUnavailableError(
                f"a worker did not come within {self._config.start_timeout:g} s: the cluster has "
                f"no CPU free. Lower ray.max_actors, or add nodes."
            ) from error
        except RayError as error:
            raise TransformerUnavailableError(
                f"a worker did not come: {last_line(error)}"
            ) from error
        return worker

    async def watch(self) -> str:
        """Wait until Ray is gone, and say what of it. A driver is not told so by Ray."""
        gcs_host, _, gcs_port = str(self._places["gcs_address"]).rpartition(":")
        raylet = str(self._places["raylet_socket_name"]).removeprefix("unix://")
        while True:
            if not await _answers(asyncio.open_connection(gcs_host.strip("[]"), int(gcs_port))):
                return f"the cluster's control service at {gcs_host}:{gcs_port} is away"
            if not await _answers(asyncio.open_unix_connection(raylet)):
                return "this node's raylet has ended"
            await asyncio.sleep(_CHECK_INTERVAL)

    def stop(self) -> None:
        """Leave the cluster; a local one is ended. Its actors end with it."""
        if self._imported:
            import ray  # noqa: PLC0415 - see the module's docstring

            ray.shutdown()


def last_line(error: BaseException) -> str:
    """Give the last line of Ray's often long texts that says something; the class where none."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _prepare_environment(config: RayConfig) -> None:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # The driver is ended by `watch`, which says why, not by Ray's own clock.
    os.environ.setdefault("RAY_gcs_rpc_server_reconnect_timeout_s", "86400")
    if config.address is None:
        # What it says of macOS it does on Linux: all of Ray's servers listen on 127.0.0.1.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"


def _arguments(config: RayConfig) -> Mapping[str, Any]:
    arguments: dict[str, Any] = {
        "address": config.address or "local",  # without it, RAY_ADDRESS would be joined
        "namespace": config.namespace,
        "log_to_driver": False,
        "configure_logging": False,
    }
    if config.address is None:
        arguments |= {
            "num_cpus": config.most
            or (max(config.least, os.cpu_count() or 1) if config.least else None),
            "object_store_memory": config.object_store_bytes,
            "include_dashboard": False,
        }
    return arguments


async def _answers(
    connecting: Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]],
) -> bool:
    try:
        async with asyncio.timeout(_CONNECT_TIMEOUT):
            _, writer = await connecting
    except OSError:  # a TimeoutError is one
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True

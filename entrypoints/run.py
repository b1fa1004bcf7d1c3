"""
`cdc-audit run`: the service as one process, from its start to a signal.

    HTTP servers ──▶ database (wait, unready) ──▶ transformer ──▶ pipeline ──▶ signal ──▶ reverse

Everything stops within `consumer.shutdown_timeout`, or the process is ended.
"""

import asyncio
import gc
import logging
import sys
from collections.abc import Callable

from entrypoints.container import Container, resolved, started
from entrypoints.http.serving import serving
from entrypoints.logs import configure_logging
from entrypoints.settings import AppConfig
from entrypoints.stop_signals import LastResort, stopping_on_signals

logger = logging.getLogger(__name__)

_COLLECT_AFTER = (50_000, 20, 50)
_ASK_FOR_LOCK_AFTER = 0.0005
"""
Seconds after which a thread asks for the interpreter's lock.

The event loop needs it several times for each batch that it sends, while another thread makes the
lines of the next one, and gives the lock away about once a millisecond. It must be less than that:
who has not asked yet when the lock is let go does not get it.
"""


def run_service(config: AppConfig) -> int:
    """
    Run until SIGTERM or SIGINT.

    Returns:
        The exit status: 0.

    Raises:
        ConfigurationError: A port is taken, or there is nothing to read.
        SchemaVersionError: The tables are older or newer than this program.
        StreamRefusedError: A partition must not be read on.
        RivalWriterError: The same other writer was faster too often.
    """
    configure_logging(level=config.logging.level, style=config.logging.format, debug=config.debug)
    sys.setswitchinterval(_ASK_FOR_LOCK_AFTER)
    config.kafka.require_topics()
    with (
        LastResort(config.consumer.shutdown_timeout) as last_resort,
        asyncio.Runner(loop_factory=_loop_factory()) as runner,
    ):
        runner.run(serve(Container(config=config), last_resort))
    logger.info("stopped")
    return 0


async def serve(container: Container, last_resort: LastResort) -> None:
    """Serve over HTTP and keep the trail, with the parts of `container`, until a signal."""
    async with started(container):
        service = await resolved(container.service)
        endpoints = await resolved(container.endpoints)
        settle_garbage()
        async with serving(endpoints) as served:
            for place in served:
                logger.info("serving", extra={"what": place.name, "url": place.url})
            with stopping_on_signals(service.request_stop, last_resort):
                await service.run()


def settle_garbage() -> None:
    """
    Let the garbage collector look neither at what is there for good, nor after every few records.

    aiokafka's records are objects that it looks at, some 10,000 in each batch, of which four are
    here at a time, and nearly all of them go away by themselves.
    """
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Take uvloop's, where it can be had: everywhere but on Windows."""
    if sys.platform == "win32":
        return None
    import uvloop  # noqa: PLC0415 - there is none for Windows

    return uvloop.new_event_loop

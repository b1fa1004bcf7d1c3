"""Stopping when asked: SIGTERM and Ctrl-C, in order and within a limit of time."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Self

logger = logging.getLogger(__name__)

SIGNALS = (signal.SIGINT, signal.SIGTERM)

NOT_IN_TIME = 1
"""Exit status of a process that had to be ended since it did not stop in time."""


class LastResort:
    """
    Ends the process when stopping takes too long.

    Nothing is lost: what was not committed is read again.

    Args:
        within: Seconds from `begin` to the end of the context.
    """

    def __init__(self, within: float) -> None:
        self.within = within
        self._timer: threading.Timer | None = None

    @property
    def has_begun(self) -> bool:
        """Whether stopping has begun."""
        return self._timer is not None

    def begin(self) -> None:
        """Begin to count."""
        self._timer = threading.Timer(self.within, self._end)
        self._timer.daemon = True
        self._timer.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _end(self) -> None:
        logger.error("not stopped in time", extra={"shutdown_timeout": self.within})
        logging.shutdown()
        os._exit(NOT_IN_TIME)


@contextmanager
def stopping_on_signals(
    request_stop: Callable[[], None], last_resort: LastResort
) -> Generator[None]:
    """
    Call `request_stop` in the event loop at the first signal; end the process at the second.

    Args:
        request_stop: Begins an orderly stop.
        last_resort: Begins to count at the first signal.
    """
    loop = asyncio.get_running_loop()

    def stop(number: signal.Signals) -> None:
        if last_resort.has_begun:
            logger.warning("ended at once", extra={"signal": number.name})
            os._exit(128 + number)
        logger.info("stopping", extra={"signal": number.name, "within": last_resort.within})
        last_resort.begin()
        request_stop()

    for number in SIGNALS:
        loop.add_signal_handler(number, stop, number)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)

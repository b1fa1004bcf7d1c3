"""The pool of connections, silent while a command says itself what is wrong."""

import logging
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def quiet_pool(level: int) -> Generator[None]:
    """Let the pool say nothing below `level` meanwhile."""
    logger = logging.getLogger("psycopg.pool")
    before = logger.level
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.setLevel(before)

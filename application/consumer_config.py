"""Settings of the pipeline: how records become batches, and how long things may take."""

import msgspec

from domain.errors import ConfigurationError

DEFAULT_BATCH_SIZE = 100
DEFAULT_MAX_RETRIES = 3
DEFAULT_BATCH_TIMEOUT = 5.0


class ConsumerConfig(msgspec.Struct, kw_only=True):
    """
    How records become batches.

    Attributes:
        batch_size: From this many waiting records on a commit starts at once. A floor, never a
            cap; fewer wait only while a commit is under way.
        batch_timeout: Longest time from a batch's first record to its commit, in seconds.
        max_retries: How often a quarantined record is retried.
        max_batch_records: Most records of one batch.
        max_batch_bytes: Most bytes of keys and values of one batch.
        max_record_bytes: A larger record is quarantined by reference.
        max_queued_bytes: Most bytes that wait in front of the transformer and of the store.
        transform_ahead: Batches of one writer that may be in front of its current one, being
            transformed or waiting for it.
        writers: Batches of different partitions that are stored at the same time.
        shutdown_timeout: Seconds within which the service has stopped.
    """

    batch_size: int = DEFAULT_BATCH_SIZE
    batch_timeout: float = DEFAULT_BATCH_TIMEOUT
    max_retries: int = DEFAULT_MAX_RETRIES
    max_batch_records: int = 20_000
    max_batch_bytes: int = 8 * 1024 * 1024
    max_record_bytes: int = 16 * 1024 * 1024
    max_queued_bytes: int = 32 * 1024 * 1024
    transform_ahead: int = 1
    writers: int = 1
    shutdown_timeout: float = 20.0

    def validate(self) -> None:
        """
        Check every value, and those that must fit each other.

        Raises:
            ConfigurationError: The first wrong one, with its value and what is allowed.
        """
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value < least:
                raise ConfigurationError(name, f"{value} is too small: at least {least}.")
        for name in ("batch_timeout", "shutdown_timeout"):
            seconds = getattr(self, name)
            if not 0 < seconds < _LONGEST:
                raise ConfigurationError(
                    name, f"{seconds} is not a time in seconds: more than 0, below {_LONGEST}."
                )
        if self.batch_size > self.max_batch_records:
            raise ConfigurationError(
                "batch_size",
                f"{self.batch_size} records are more than max_batch_records "
                f"({self.max_batch_records}) lets into a batch: raise that, or lower this.",
            )
        if self.max_queued_bytes < self.max_batch_bytes:
            raise ConfigurationError(
                "max_queued_bytes",
                f"{self.max_queued_bytes} bytes have no room for one batch of max_batch_bytes "
                f"({self.max_batch_bytes}): raise this, or lower that.",
            )


_LEAST = {
    "batch_size": 1,
    "max_retries": 0,
    "max_batch_records": 1,
    "max_batch_bytes": 1024,
    "max_record_bytes": 1024,
    "max_queued_bytes": 1024,
    "writers": 1,
}

_LONGEST = 86_400

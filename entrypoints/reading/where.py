"""Which trail a command asks, and what it asks: what the command line said, as one thing."""

from collections.abc import Mapping
from pathlib import Path

import msgspec


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """
    Which trail is asked.

    Attributes:
        config: File with settings; None for the usual one.
        dsn: Address of its database.
        url: Address of a running service.
        token: What the service lets its reader in with.
    """

    config: Path | None = None
    dsn: str | None = None
    url: str | None = None
    token: str | None = None


class Question(msgspec.Struct, frozen=True):
    """
    What is asked, as the access log keeps it.

    Attributes:
        command: Name of the command.
        given: Its arguments; those that are empty are left out.
    """

    command: str
    given: Mapping[str, object]

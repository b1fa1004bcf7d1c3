"""Who may look at the trail, and at what of it."""

import enum
from collections.abc import Sequence
from fnmatch import fnmatchcase
from hashlib import sha256

import msgspec

TOKEN_PREFIX = "cdca_"  # noqa: S105 - no secret, only its beginning
"""What every token begins with, so that scanners for leaked secrets can find them."""


class Role(enum.StrEnum):
    """What somebody may do; each role may do what those before it may."""

    READER = "reader"
    OPERATOR = "operator"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Whether this role may do what `other` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


class TableScope(msgspec.Struct, frozen=True):
    """
    The tables that somebody may see.

    Attributes:
        patterns: Names with ``*`` and ``?``: ``schema.table``, where there are no schemas
            ``database.table``, or only ``table``. Empty: all tables.
    """

    patterns: Sequence[str] = ()

    def sees(self, database: str | None, schema: str | None, table: str | None) -> bool:
        """Whether changes of a table may be seen. One that names no table is seen by all-seers."""
        if not self.patterns:
            return True
        if table is None:
            return False
        whole = f"{schema or database or ''}.{table}"
        return any(
            fnmatchcase(whole if "." in pattern else table, pattern) for pattern in self.patterns
        )


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """
    Somebody who looks at the trail.

    Attributes:
        name: Who it is, as the access log names them.
        role: What they may do.
        tables: What they may see.
        via: How they are known: ``open`` (loopback, nobody asks), ``token``, ``session``,
            ``oidc``, ``proxy``.
    """

    name: str
    role: Role
    tables: TableScope = TableScope()
    via: str


class AccessToken(msgspec.Struct, frozen=True, kw_only=True):
    """
    A token, without its secret: of that only the hash is kept.

    Attributes:
        id: Its number.
        name: Who or what it is for.
        role: What it allows.
        tables: What it shows.
        created_at: Microseconds since 1970.
        expires_at: Microseconds since 1970.
        revoked_at: Microseconds since 1970; None if it was not revoked.
        last_used_at: Microseconds since 1970, to the minute; None if it was never used.
    """

    id: int
    name: str
    role: Role
    tables: TableScope
    created_at: int
    expires_at: int
    revoked_at: int | None = None
    last_used_at: int | None = None

    def is_valid(self, now: int) -> bool:
        """Whether it opens anything at `now`, in microseconds since 1970."""
        return self.revoked_at is None and now < self.expires_at

    def principal(self, via: str = "token") -> Principal:
        """Who comes with it."""
        return Principal(name=self.name, role=self.role, tables=self.tables, via=via)


def token_hash(secret: str) -> bytes:
    """
    What is stored of the secret of a token, or of a session.

    The secret is 256 random bits: no salt or slow hash would make it harder to guess.
    """
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


class NotAllowedError(Exception):
    """Somebody is known, and may not do this."""

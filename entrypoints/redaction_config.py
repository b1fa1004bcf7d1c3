"""
Settings of what must not be kept: rules on columns, and the quarantine of topics that have some.

    [[redaction.rules]] ──▶ Redaction ──▶ decoder
                       └──▶ ProtectedTopics ──▶ encrypted (quarantine.encryption_keys)
                                           └──▶ or withheld (quarantine.raw = "withhold")
"""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from adapters.cryptography.keys import KeyFile, read_keys
from application.quarantine_protection import QuarantineProtection, WithheldBytes
from application.retry_quarantined import RetrySchedule
from domain.errors import ConfigurationError
from domain.hash_key import HashKey
from domain.protected_topics import ProtectedTopics
from domain.redaction import ColumnRule, Redaction, RuleAction

SHORTEST_HASH_KEY = 32
"""Characters: those of 128 bits in hexadecimal. Whoever guesses the key can try out values."""

_KEYS = "quarantine.encryption_keys"
_RETRY_LIMITS = {
    "retry_first_delay": (0.1, 2_592_000.0),
    "retry_factor": (1.0, 100.0),
    "retry_longest_delay": (0.1, 2_592_000.0),
}


class RedactionConfig(msgspec.Struct, kw_only=True):
    """
    What is dropped, masked, hashed or hidden before anything is stored.

    Attributes:
        rules: Rules on columns; the first that fits a column decides.
        hash_key: Key of the rules that hash: a text of 32 characters or more. A secret.
        hash_key_id: Name of that key, stored beside each hash. Never give it to another key.
    """

    rules: list[ColumnRule] = []
    hash_key: str | None = None
    hash_key_id: str | None = None

    def validate(self) -> None:
        """
        Check the rules and the key.

        Raises:
            ConfigurationError: A rule hashes and there is no key, or the key is too short.
        """
        if any("\0" in text for rule in self.rules for text in (rule.table, rule.column)):
            raise ConfigurationError("rules", "a pattern has a NUL in it, as no name has.")
        if self.hash_key is not None and len(self.hash_key) < SHORTEST_HASH_KEY:
            raise ConfigurationError(
                "hash_key",
                f"has {len(self.hash_key)} characters, and needs {SHORTEST_HASH_KEY} or more. "
                f"`openssl rand -hex 32` makes one.",
            )
        self.redaction()

    def key(self) -> HashKey | None:
        """
        Give the key to hash with; None where no rule hashes.

        Raises:
            ConfigurationError: A rule hashes, and the key or its name is missing.
        """
        if not any(rule.action is RuleAction.HASH for rule in self.rules):
            return None
        if not self.hash_key:
            raise ConfigurationError(
                "redaction.hash_key",
                "a rule hashes, and there is no key. Set redaction.hash_key_file to a file that "
                "holds it, or CDC_AUDIT_REDACTION_HASH_KEY.",
            )
        if not self.hash_key_id or "\0" in self.hash_key_id:
            raise ConfigurationError(
                "redaction.hash_key_id",
                "a rule hashes, and its key has no name to store beside the hashes. Name it, for "
                "instance after its year.",
            )
        return HashKey(self.hash_key_id, self.hash_key.encode())

    def redaction(self) -> Redaction:
        """
        Make the rules ready.

        Raises:
            ConfigurationError: A rule hashes, and the key or its name is missing.
        """
        return Redaction(self.rules, hash_key=self.key())

    def __repr__(self) -> str:
        return f"RedactionConfig({', '.join(f'{n}={v!r}' for n, v in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Give the fields as `repr` and rich show them: of the key, whether there is one."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        if self.hash_key is not None:
            fields["hash_key"] = "(hidden)"
        return list(fields.items())


class QuarantineConfig(msgspec.Struct, kw_only=True):
    """
    What is kept of records that could not be audited.

    Attributes:
        raw: ``keep`` their bytes, encrypted where there are keys; or ``withhold`` them: such a
            record must be read again from Kafka.
        encryption_keys: Keys of AES-256. The first encrypts; keep old ones behind it, to read.
        topics: Of which topics records are encrypted or withheld: ``all``; or, where every topic
            is named ``<prefix>.<schema>.<table>`` after the one table that it carries, those that
            a rule on columns ``may-concern``.
        retry_first_delay: Seconds from the quarantine to the first retry by itself. How many there
            are is `consumer.max_retries`.
        retry_factor: How much longer each pause between retries is than the one before.
        retry_longest_delay: The longest pause between retries, in seconds.
    """

    raw: Literal["keep", "withhold"] = "keep"
    encryption_keys: list[KeyFile] = []
    topics: Literal["all", "may-concern"] = "all"
    retry_first_delay: float = 60.0
    retry_factor: float = 5.0
    retry_longest_delay: float = 21_600.0

    def validate(self) -> None:
        """
        Check the times of retries.

        Raises:
            ConfigurationError: The first wrong one, with its value and what is allowed.
        """
        for name, (least, most) in _RETRY_LIMITS.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise ConfigurationError(name, f"{value} is not within {least:g} to {most:g}.")

    def schedule(self) -> RetrySchedule:
        """Say when retries are due."""
        return RetrySchedule(
            first=self.retry_first_delay,
            factor=self.retry_factor,
            longest=max(self.retry_first_delay, self.retry_longest_delay),
        )


def quarantine_protection(
    config: QuarantineConfig, rules: Sequence[ColumnRule]
) -> QuarantineProtection | None:
    """
    Make what protects quarantined bytes; None where nothing asks for it.

    Raises:
        ConfigurationError: There are rules, and no key; or a key cannot be read.
    """
    topics = ProtectedTopics(None if config.topics == "all" else tuple(rules))
    keys = read_keys(config.encryption_keys, field=_KEYS)
    if config.raw == "withhold":
        return WithheldBytes(topics)
    if keys:
        from adapters.cryptography.quarantine_encryption import (  # noqa: PLC0415 - cryptography is large, and few have keys
            AesGcmQuarantineProtection,
        )

        return AesGcmQuarantineProtection(keys, topics)
    if rules:
        raise ConfigurationError(
            _KEYS,
            "there are rules on columns (redaction.rules), and a record that cannot be decoded may "
            "hold what they redact: its bytes would be kept as they are. Give a key to encrypt "
            'them with (id and file), or set quarantine.raw = "withhold".',
        )
    return None

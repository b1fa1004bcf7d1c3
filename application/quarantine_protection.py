"""
The port that keeps secrets out of the quarantine, and what needs no technology for it.

    QuarantinedRecord ──▶ protect ──▶ encrypted, or without its bytes ──▶ processing_error
                                           └──▶ reveal ──▶ as it came: retry, export

Protecting is done where the record was decoded: plain bytes do not leave the worker.
"""

from typing import Protocol

from domain.protected_topics import ProtectedTopics
from domain.quarantine import QuarantinedRecord, withheld


class QuarantineProtection(Protocol):
    """Protects the bytes of quarantined records. Picklable; it goes to every worker."""

    def concerns(self, topic: str) -> bool:
        """Whether records of the topic are protected: then no text may quote them either."""
        ...

    def protect(self, record: QuarantinedRecord) -> QuarantinedRecord:
        """
        Give the record in the form in which it may be kept. Its topic is a protected one.

        Key, value and headers are encrypted, each on its own, and bound to the record's
        coordinates; `encryption_key_id` names the key; sizes stay those of the plain bytes. Or
        they are left out.
        """
        ...

    def reveal(self, record: QuarantinedRecord) -> QuarantinedRecord:
        """
        Give the record as it came. One that is not encrypted comes back as it is.

        Raises:
            DecryptionError: Its key is not known, is another one of that name, or the bytes were
                changed, or moved from another record or field.
        """
        ...


class WithheldBytes:
    """
    Keeps no bytes at all of protected topics.

    Args:
        topics: The protected topics.
    """

    def __init__(self, topics: ProtectedTopics) -> None:
        self._topics = topics

    def concerns(self, topic: str) -> bool:
        """Whether its records are protected. See the port."""
        return self._topics.has(topic)

    def protect(self, record: QuarantinedRecord) -> QuarantinedRecord:
        """Leave the bytes out. See the port."""
        return withheld(record)

    def reveal(self, record: QuarantinedRecord) -> QuarantinedRecord:
        """What was not kept cannot be revealed. See the port."""
        return record

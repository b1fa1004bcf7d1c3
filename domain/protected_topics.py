"""
Topics whose quarantined records may hold what a rule on columns redacts.

A record that cannot be decoded does not say whose row it holds. Its topic's name says so only where
nothing routes: a topic of Debezium's own is named ``<prefix>.<schema>.<table>``. So every topic is
protected, unless it is said that topics follow tables; and even then those whose name has not that
form.
"""

import msgspec

from domain.redaction import ColumnRule

_PARTS = 3


class ProtectedTopics(msgspec.Struct, frozen=True):
    """
    Which topics' records are not to be kept, or told of, in plain form.

    Attributes:
        rules: The rules on columns, where only topics that one may concern are protected; None
            for every topic.
    """

    rules: tuple[ColumnRule, ...] | None = None

    def has(self, topic: str) -> bool:
        """Whether it is one of them."""
        if self.rules is None:
            return True
        parts = topic.split(".")
        if len(parts) < _PARTS:
            return bool(self.rules)
        return any(rule.fits_table(parts[-2], parts[-1]) for rule in self.rules)

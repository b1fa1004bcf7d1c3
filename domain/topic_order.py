"""An operator's order about a topic in which most fails: quarantine them all."""

import msgspec


class TopicOrder(msgspec.Struct, frozen=True, kw_only=True):
    """
    Whatever fails of a topic is quarantined, and the topic is not held. Times as everywhere.

    Attributes:
        topic: The topic.
        reason: Why, in the words of who gave it; None without one.
        ordered_at: When it was given; microseconds since 1970, UTC.
        ordered_by: Who gave it: a user of the database.
        until: When it ends by itself; None for when it is ended.
    """

    topic: str
    reason: str | None
    ordered_at: int
    ordered_by: str
    until: int | None = None

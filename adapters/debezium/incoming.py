"""A consumed record on its way through the decoder."""

import msgspec

from adapters.debezium.record_headers import HeaderLook
from domain.consumed import ConsumedRecord


class Incoming(msgspec.Struct, frozen=True, gc=False):
    """
    A consumed record, and what is known of it before its value is looked at.

    Attributes:
        record: The record.
        stream_id: The stream that it belongs to.
        look: What is to know of its headers.
    """

    record: ConsumedRecord
    stream_id: int
    look: HeaderLook

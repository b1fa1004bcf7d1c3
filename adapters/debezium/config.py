"""Settings of the decoder: names that Debezium lets its users change, with its defaults."""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

ReplicaIdentity = Literal["full", "default", "index", "nothing"]
TimePrecision = Literal[
    "adaptive",
    "adaptive_time_microseconds",
    "connect",
    "isostring",
    "microseconds",
    "nanoseconds",
]


class DecoderConfig(msgspec.Struct, frozen=True, kw_only=True):
    """
    How records are recognised and decoded. Topic names are hints only: SMTs can change them.

    Attributes:
        unavailable_placeholder: Debezium's ``unavailable.value.placeholder``.
        heartbeat_prefix: Debezium's ``topic.heartbeat.prefix``: heartbeat topics start with it.
        transaction_suffix: Transaction topics end with it (``topic.transaction``).
        outbox_prefix: Topics of outbox records start with it; None where there are none.
        signal_suffix: Signal topics end with it (``signal.kafka.topic``).
        accept_unmarked_rows: Whether a JSON object that nothing marks as Debezium's is taken for
            a flattened row (operation UPSERT), and not for poison.
        flattened_prefix: ``add.fields.prefix`` of the flattening SMT.
        logical_message_encoding: ``binary.handling.mode`` of the connector, which says how the
            content of a logical message without schema is written.
        replica_identity: For PostgreSQL tables ("schema.table"), where it is known: what the
            database sends as the old row. Without it, invented fillers are recognised by look.
        time_precision_mode: The connector's ``time.precision.mode``, as the others below: they
            say what a column's type looks like in records without schema. None is its default.
        decimal_handling_mode: ``decimal.handling.mode``.
        binary_handling_mode: ``binary.handling.mode``.
        interval_handling_mode: ``interval.handling.mode`` (PostgreSQL).
        hstore_handling_mode: ``hstore.handling.mode`` (PostgreSQL).
        money_fraction_digits: ``money.fraction.digits`` (PostgreSQL).
        bigint_unsigned_handling_mode: ``bigint.unsigned.handling.mode`` (MySQL, MariaDB).
        catalog_refresh: Seconds after which the catalog of ``source_database``, where that is
            configured, is asked again for the types of columns.
    """

    unavailable_placeholder: str = "__debezium_unavailable_value"
    heartbeat_prefix: str = "__debezium-heartbeat"
    transaction_suffix: str = ".transaction"
    outbox_prefix: str | None = "outbox.event."
    signal_suffix: str = "-signal"
    accept_unmarked_rows: bool = True
    flattened_prefix: str = "__"
    logical_message_encoding: Literal["base64", "base64-url-safe", "hex"] = "base64"
    replica_identity: Mapping[str, ReplicaIdentity] = {}
    time_precision_mode: TimePrecision | None = None
    decimal_handling_mode: Literal["precise", "string", "double"] = "precise"
    binary_handling_mode: Literal["bytes", "base64", "base64-url-safe", "hex"] = "bytes"
    interval_handling_mode: Literal["numeric", "string"] = "numeric"
    hstore_handling_mode: Literal["json", "map"] = "json"
    money_fraction_digits: int = 2
    bigint_unsigned_handling_mode: Literal["long", "precise"] = "long"
    catalog_refresh: Annotated[float, msgspec.Meta(gt=0)] = 10.0

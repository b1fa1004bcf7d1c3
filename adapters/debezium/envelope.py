"""
Debezium's envelope: the wire message of one row change.

The typed structure is the fast look at it. Its fields are all there are in an ordinary envelope;
one with others (which SMTs add) is read member by member, and the others are kept.
"""

from collections.abc import Mapping

import msgspec

from adapters.debezium.exact_json import Json, decode_members, first_byte
from adapters.debezium.source_block import TransactionBlock

NULL = msgspec.Raw(b"null")

ENVELOPE_FIELDS = frozenset(
    {"before", "after", "source", "transaction", "op", "ts_ms", "ts_us", "ts_ns"}
)
OPERATIONS = frozenset("crudtm")


class Envelope(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """
    An envelope, its rows and source block as raw slices.

    Attributes:
        op: What happened: one letter.
        source: The source block.
        before: The old row, or null.
        after: The new row, or null.
        transaction: The transaction block.
        ts_ms: When the connector handled it; milliseconds since 1970, UTC.
        ts_us: The same in microseconds.
        ts_ns: The same in nanoseconds.
    """

    op: str
    source: msgspec.Raw
    before: msgspec.Raw = NULL
    after: msgspec.Raw = NULL
    transaction: TransactionBlock | None = None
    ts_ms: int | None = None
    ts_us: int | None = None
    ts_ns: int | None = None


read_envelope = msgspec.json.Decoder(Envelope).decode
"""Read an ordinary envelope. Raises `msgspec.ValidationError` for anything else that is JSON."""

_transaction: msgspec.json.Decoder[TransactionBlock | None] = msgspec.json.Decoder(
    TransactionBlock | None
)
_read_time = msgspec.json.Decoder(int | None).decode


class OpenEnvelope(msgspec.Struct, gc=False):
    """
    An envelope with whatever else is in it.

    Attributes:
        envelope: The ordinary part.
        extra: Other members, as they came.
    """

    envelope: Envelope
    extra: Mapping[str, msgspec.Raw]


def members_of(payload: Json) -> dict[str, msgspec.Raw] | None:
    """The members of a JSON object; None for other JSON. Raises `msgspec.DecodeError`."""
    try:
        return decode_members(payload)
    except msgspec.ValidationError:
        return None


def open_envelope(members: Mapping[str, msgspec.Raw]) -> OpenEnvelope | None:
    """
    The envelope that `members` are; None if they are none.

    It takes a text `op` and an object `source`, since tables of users have such columns too; or,
    as imitators write it, no `source`, a known `op`, both rows, and nothing else.
    """
    op, source = _text(members.get("op")), members.get("source", NULL)
    if op is None:
        return None
    if first_byte(source) != b"{" and not (
        members.keys() <= ENVELOPE_FIELDS
        and {"before", "after"} <= members.keys()
        and op in OPERATIONS
        and bytes(source) == b"null"
    ):
        return None
    envelope = Envelope(
        op=op,
        source=source,
        before=members.get("before", NULL),
        after=members.get("after", NULL),
        transaction=_lenient_transaction(members.get("transaction", NULL)),
        ts_ms=_time(members.get("ts_ms")),
        ts_us=_time(members.get("ts_us")),
        ts_ns=_time(members.get("ts_ns")),
    )
    extra = {name: raw for name, raw in members.items() if name not in ENVELOPE_FIELDS}
    return OpenEnvelope(envelope, extra)


def _text(raw: msgspec.Raw | None) -> str | None:
    if raw is None or first_byte(raw) != b'"':
        return None
    return str(msgspec.json.decode(raw))


def _time(raw: msgspec.Raw | None) -> int | None:
    try:
        return None if raw is None else _read_time(raw)
    except msgspec.ValidationError:
        return None


def _lenient_transaction(raw: msgspec.Raw) -> TransactionBlock | None:
    try:
        return _transaction.decode(raw)
    except msgspec.ValidationError:
        return None

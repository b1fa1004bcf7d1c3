"""
Messages of a Debezium that never was, each with what must become of it in the trail.

They are written as text, so that the trail's exact text can be held against them.
"""

import json

import msgspec

from domain.disposition import Disposition

FIRST_CHANGE_MS = 1_750_000_000_000
TABLE = "orders"

_OPERATIONS = {
    "c": "INSERT",
    "u": "UPDATE",
    "d": "DELETE",
    "t": "TRUNCATE",
    "r": "SNAPSHOT",
}


class TrailRow(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the trail must have at an offset.

    Attributes:
        operation: What happened.
        key: Text of the key.
        old: Text of the row before.
        new: Text of the row after.
    """

    operation: str
    key: str | None
    old: str | None
    new: str | None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """
    A key and a value, and what must become of the record.

    Attributes:
        key: Bytes of the key.
        value: Bytes of the value.
        disposition: As what it is accounted for.
        row: Its row in the trail; None without one.
        control: Kind of the control message that is kept; None where none is.
    """

    key: bytes | None
    value: bytes | None
    disposition: Disposition
    row: TrailRow | None = None
    control: str | None = None


def a_change(op: str, number: int) -> Message:
    """An envelope of one order: ``c``, ``u``, ``d``, or ``r`` for a row that a snapshot read."""
    key = f'{{"id":{number}}}'
    old = _an_order(number, "placed") if op in "ud" else None
    new = _an_order(number, "paid") if op in "cur" else None
    row = TrailRow(operation=_OPERATIONS[op], key=key, old=old, new=new)
    disposition = Disposition.BASELINE if op == "r" else Disposition.AUDITED
    value = _envelope(op, number, old, new)
    return Message(key=key.encode(), value=value, disposition=disposition, row=row)


def a_truncate(number: int) -> Message:
    """The whole table was emptied: no key, no row."""
    row = TrailRow(operation="TRUNCATE", key=None, old=None, new=None)
    value = _envelope("t", number, None, None)
    return Message(key=None, value=value, disposition=Disposition.AUDITED, row=row)


def a_tombstone(number: int) -> Message:
    """What follows a DELETE, for compaction."""
    key = f'{{"id":{number}}}'.encode()
    return Message(key=key, value=None, disposition=Disposition.CONTROL)


def a_heartbeat(number: int) -> Message:
    """Debezium lives; nothing happened."""
    value = f'{{"ts_ms":{FIRST_CHANGE_MS + number}}}'.encode()
    return Message(key=b'{"serverName":"shop"}', value=value, disposition=Disposition.CONTROL)


def a_transaction_begin(number: int) -> Message:
    """A transaction began at the source."""
    value = (
        f'{{"status":"BEGIN","id":"{number}:4711","event_count":null,"data_collections":null,'
        f'"ts_ms":{FIRST_CHANGE_MS + number}}}'
    )
    return Message(
        key=f'{{"id":"{number}:4711"}}'.encode(),
        value=value.encode(),
        disposition=Disposition.CONTROL,
        control="transaction_begin",
    )


def a_malformed(number: int) -> Message:
    """An envelope that was cut off in the middle, and bytes that are no UTF-8."""
    value = f'{{"op":"u","before":{{"id":{number},"status":"pla'.encode() + b"\xff\x00"
    return Message(
        key=f'{{"id":{number}}}'.encode(), value=value, disposition=Disposition.QUARANTINED
    )


def _an_order(number: int, status: str) -> str:
    """A row whose text shows each change of a digit, an escape, or the order of its columns."""
    customer = json.dumps(f'Zoë "{number}"\n李', ensure_ascii=number % 2 == 0)
    return (
        f'{{"id":{number},"status":"{status}","total":{number % 97}.10,"customer":{customer},'
        f'"big":{2**63 - 1 - number},"note":null}}'
    )


def _envelope(op: str, number: int, old: str | None, new: str | None) -> bytes:
    at = FIRST_CHANGE_MS + number
    source = (
        f'{{"version":"3.6.3.Final","connector":"postgresql","name":"shop","ts_ms":{at},'
        f'"snapshot":"{"true" if op == "r" else "false"}","db":"shop","sequence":null,'
        f'"schema":"public","table":"{TABLE}","txId":{number},"lsn":{24_000_000 + number},'
        f'"xmin":null}}'
    )
    text = (
        f'{{"before":{old or "null"},"after":{new or "null"},"source":{source},'
        f'"transaction":null,"op":"{op}","ts_ms":{at + 5}}}'
    )
    return text.encode()

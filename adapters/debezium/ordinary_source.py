"""What the short way takes from a source block: times, transaction and position."""

from struct import Struct as Packing

import msgspec

from adapters.debezium.envelope import Envelope
from adapters.debezium.ordinary_rows import NotOrdinaryError
from adapters.debezium.source_block import PostgresSource, TransactionBlock
from domain.timestamps import EARLIEST, LATEST, ONE_DAY

_SHORT = 1000
"""Bytes of a block that nothing in it can harm anything."""

_PARTS_OF_SEQUENCE = 5
_MOST_DIGITS = 19
"""So many digits are less than 2**64."""

_END = 2**64
_SEGMENT = 2**32
_both = Packing(">QQ").pack


def metadata(source: msgspec.Raw | bytes) -> str:
    """The block itself, to store."""
    text = str(source, "utf-8")
    if len(text) > _SHORT or "\\u" in text:
        raise NotOrdinaryError
    return text


def times(
    source: PostgresSource, envelope: Envelope, milliseconds: int
) -> tuple[int, int | None, int]:
    """When the row was changed, when the connector and when Kafka had it (`milliseconds`)."""
    changed_at = source.ts_ms * 1000
    if source.ts_ns is not None:
        changed_at = source.ts_ns // 1000
    elif source.ts_us is not None:
        changed_at = source.ts_us
    captured_at = None if envelope.ts_ms is None else envelope.ts_ms * 1000
    if envelope.ts_ns is not None:
        captured_at = envelope.ts_ns // 1000
    elif envelope.ts_us is not None:
        captured_at = envelope.ts_us
    kafka = milliseconds * 1000
    if not (EARLIEST <= changed_at <= kafka + ONE_DAY and EARLIEST <= kafka < LATEST):
        raise NotOrdinaryError
    if captured_at is not None and not 0 <= captured_at < LATEST:
        raise NotOrdinaryError
    return changed_at, captured_at, kafka


def transaction_id(source: PostgresSource, block: TransactionBlock | None) -> str | None:
    """The number of the transaction."""
    if source.tx_id is not None:
        return str(source.tx_id)
    if block is not None:
        raise NotOrdinaryError
    return None


def positions(source: PostgresSource) -> tuple[str, str]:
    """The position as PostgreSQL writes it, and last commit and position, which sort."""
    lsn, sequence = source.lsn, source.sequence
    if lsn is None or not 0 <= lsn < _END or sequence is None:
        raise NotOrdinaryError
    parts = sequence.split('"')
    if len(parts) != _PARTS_OF_SEQUENCE:  # before the first commit there is one
        raise NotOrdinaryError
    commit = parts[1]
    if not (commit.isascii() and commit.isdigit()) or len(commit) > _MOST_DIGITS:
        raise NotOrdinaryError
    written = "%X/%X" % divmod(lsn, _SEGMENT)  # noqa: UP031 - half the time of an f-string
    return written, _both(int(commit), lsn).hex("/", 8).upper()

"""
Where a change stands in its source: text that sorts in the source's order, and transaction ids.

| connector            | order                                              | transaction      |
|----------------------|----------------------------------------------------|------------------|
| postgresql           | last commit lsn, lsn (hexadecimal, 16 digits each) | txId             |
| mysql, mariadb       | number of the binlog file, position, row           | gtid             |
| sqlserver            | commit lsn, change lsn, serial number              | commit_lsn       |
| oracle               | commit scn, (txId, txSeq) or (scn, rs_id, ssn)     | txId             |
| mongodb              | cluster time: seconds, ordinal                     | lsid:txnNumber   |
| db2                  | commit lsn, change lsn                             | commit_lsn       |
| informix             | commit lsn, change lsn (numbers as text)           | txId             |
| vitess               | epoch, rank, total order, where they are sent      | vgtid            |
| spanner              | commit time, transaction, sequence, mod number     | server_transa... |
| cassandra            | file, position (of one node)                       | none             |
| cockroachdb          | hybrid logical clock                               | none             |
| yashandb             | scn, group lsn, group offset                       | txId             |
| yugabytedb           | commit time (of one tablet)                        | txId             |

Numbers are padded with zeros to a fixed width, so that text order is their order. Positions of
different connectors, or of one source before and after a failover, do not compare.
"""

from collections.abc import Callable

from adapters.debezium.source_block import Scalar, SourceBlock, TransactionBlock
from domain.transaction_identity import grouping_id

_LONGEST_NUMBER = 39
_FIRST, _SECOND = 1, 3
"""Where the numbers of a sequence are among its pieces, when split at quotes."""


def source_position(source: SourceBlock, block: TransactionBlock | None = None) -> str | None:
    """The position as text that sorts; None where the source has none, or sends none."""
    order = _ORDERS.get(source.connector or "")
    if order is not None:
        return order(source)
    if block is not None and source.connector == "vitess":
        epoch, rank = block.transaction_epoch, block.transaction_rank
        return _padded((epoch, 10), (rank, 39), (block.total_order, 12))
    return None


def lsn_text(source: SourceBlock) -> str | None:
    """The position as the source itself writes it; PostgreSQL: ``0/16E9058``."""
    lsn = source.lsn
    if type(lsn) is int and lsn >= 0:
        return f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"
    if source.file is not None and source.pos is not None:
        return f"{source.file}:{source.pos}"
    for own in (lsn, source.change_lsn, source.commit_lsn, source.scn, source.ts_hlc):
        if own not in {None, ""}:
            return str(own)
    return None


def transaction_id(source: SourceBlock, block_id: str | None) -> str | None:
    """
    The connector's own id of the transaction, the same for all its records.

    Args:
        source: The source block.
        block_id: `id` of the envelope's transaction block; None without one.
    """
    connector = source.connector
    own: Scalar = None
    if connector in {"mysql", "mariadb"}:
        own = source.gtid
    elif connector in {"sqlserver", "db2"}:
        own = source.commit_lsn
    elif connector == "mongodb":
        if source.lsid is not None and source.txn_number is not None:
            own = f"{source.lsid}:{source.txn_number}"
    elif connector == "vitess":
        own = source.vgtid
    elif connector == "spanner":
        own = source.server_transaction_id
    else:
        own = source.tx_id
    if own not in {None, ""}:
        return str(own)
    return grouping_id(block_id) if block_id else None


def change_user(source: SourceBlock) -> str | None:
    """Who made the change; only Oracle says. LogMiner's UNKNOWN is nobody."""
    user = source.user_name
    return user if user and user != "UNKNOWN" else None


def _postgresql(source: SourceBlock) -> str | None:
    lsn = source.lsn
    commit: int | None = None
    if type(source.sequence) is str:
        # ["26664352","26664488"], or [null,"26664040"] until the connector has seen a commit
        parts = source.sequence.split('"')
        if len(parts) > _SECOND:
            commit = _whole(parts[_FIRST])
        if lsn is None and len(parts) > _FIRST:
            lsn = _whole(parts[-2])
    if type(lsn) is not int or lsn < 0:
        return None
    return f"{lsn if commit is None else commit:016X}/{lsn:016X}"


def _binlog(source: SourceBlock) -> str | None:
    if not source.file:
        return None
    number = _whole(source.file.rpartition(".")[2])
    return None if number is None else _padded((number, 10), (source.pos, 20), (source.row, 10))


def _sql_server(source: SourceBlock) -> str | None:
    if not source.commit_lsn:
        return None
    serial = _whole(source.event_serial_no) or 0
    return f"{source.commit_lsn}/{source.change_lsn or ''}/{serial:010d}"


def _oracle(source: SourceBlock) -> str | None:
    commit = _whole(source.commit_scn)
    if commit is None:
        return _padded((source.scn, 20))
    if source.tx_seq is not None and source.tx_id is not None:
        return f"{commit:020d}/{source.tx_id}/{_whole(source.tx_seq) or 0:012d}"
    scn = _whole(source.scn) or 0
    record = (source.rs_id or "").strip()
    return f"{commit:020d}/{scn:020d}/{record}/{_whole(source.ssn) or 0:012d}"


def _mongodb(source: SourceBlock) -> str | None:
    if source.ts_ms is None or source.ts_ms < 0:
        return None
    return _padded((source.ts_ms // 1000, 12), (source.ord, 10))


def _db2(source: SourceBlock) -> str | None:
    return f"{source.commit_lsn}/{source.change_lsn or ''}" if source.commit_lsn else None


def _informix(source: SourceBlock) -> str | None:
    return _padded((source.commit_lsn, 20), (source.change_lsn, 20))


def _spanner(source: SourceBlock) -> str | None:
    if source.ts_ms is None or source.ts_ms < 0:
        return None
    commit = source.ts_ns if source.ts_ns is not None else source.ts_ms * 1_000_000
    tail = f"{source.server_transaction_id or ''}/{source.sequence or ''}"
    return f"{commit:020d}/{tail}/{_whole(source.mod_number) or 0:010d}"


def _cassandra(source: SourceBlock) -> str | None:
    if not source.file or _whole(source.pos) is None:
        return None
    return f"{source.file}/{_whole(source.pos) or 0:012d}"


def _cockroachdb(source: SourceBlock) -> str | None:
    nanoseconds, _, logical = str(source.ts_hlc or "").partition(".")
    return _padded((nanoseconds, 20), (logical or "0", 12))


def _yashandb(source: SourceBlock) -> str | None:
    return _padded((source.position_scn, 20), (source.group_lsn, 20), (source.group_offset, 20))


def _yugabytedb(source: SourceBlock) -> str | None:
    if source.commit_time is None:
        return _postgresql(source)
    return _padded((source.commit_time, 20))


def _padded(*parts: tuple[Scalar, int]) -> str | None:
    """The first part is needed; later ones count as 0 where they are missing."""
    numbers = [(_whole(value), width) for value, width in parts]
    if numbers[0][0] is None:
        return None
    return "/".join(f"{number or 0:0{width}d}" for number, width in numbers)


def _whole(value: Scalar) -> int | None:
    """A number that is not negative; None for anything else."""
    if type(value) is int:
        return value if value >= 0 else None
    if type(value) is str and value.isascii() and value.isdigit() and len(value) <= _LONGEST_NUMBER:
        return int(value)
    return None


_ORDERS: dict[str, Callable[[SourceBlock], str | None]] = {
    "postgresql": _postgresql,
    "mysql": _binlog,
    "mariadb": _binlog,
    "sqlserver": _sql_server,
    "oracle": _oracle,
    "mongodb": _mongodb,
    "db2": _db2,
    "informix": _informix,
    "spanner": _spanner,
    "cassandra": _cassandra,
    "cockroachdb": _cockroachdb,
    "yashandb": _yashandb,
    "yugabytedb": _yugabytedb,
}

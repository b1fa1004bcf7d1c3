"""
The `source` block of an envelope: which fields connectors write, and whose row it is about.

One structure holds the fields that any connector uses here; the whole block is kept as text
beside it, so unknown fields are never lost, and never break decoding.
"""

from typing import Annotated, Any, Literal

import msgspec

from domain.timestamps import microseconds

Scalar = int | str | None
"""Numbers or text: connectors and their versions differ, so every position field takes both."""

_FIFTEEN_DIGITS = 10**15
_EIGHTEEN_DIGITS = 10**18


class SourceBlock(msgspec.Struct, gc=False):
    """What is used of a source block. Names are the wire's; see the connectors' documentation."""

    version: str | None = None
    connector: str | None = None
    name: str | None = None
    ts_ms: int | None = None
    snapshot: str | bool | None = None
    db: str | None = None
    sequence: Scalar = None
    ts_us: int | None = None
    ts_ns: int | None = None
    schema: str | None = None
    table: str | None = None
    tx_id: Scalar = msgspec.field(default=None, name="txId")
    lsn: Scalar = None
    file: str | None = None
    pos: Scalar = None
    row: Scalar = None
    gtid: str | None = None
    server_id: Scalar = None
    change_lsn: Scalar = None
    commit_lsn: Scalar = None
    event_serial_no: Scalar = None
    tx_seq: Scalar = msgspec.field(default=None, name="txSeq")
    scn: Scalar = None
    commit_scn: Scalar = None
    rs_id: str | None = None
    ssn: Scalar = None
    user_name: str | None = None
    collection: str | None = None
    ord: Scalar = None
    lsid: str | None = None
    txn_number: Scalar = msgspec.field(default=None, name="txnNumber")
    wall_time: int | None = msgspec.field(default=None, name="wallTime")
    keyspace: str | None = None
    vgtid: str | None = None
    server_transaction_id: str | None = None
    mod_number: Scalar = None
    ts_hlc: Scalar = None
    position_scn: Scalar = None
    group_lsn: Scalar = None
    group_offset: Scalar = None
    commit_time: Scalar = None
    database_id: str | None = None

    @property
    def is_snapshot(self) -> bool:
        """Whether the row was read, not changed: any marker but ``false`` and its like."""
        return self.snapshot not in {None, False, "false"}


class PostgresSource(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A source block of PostgreSQL's; one with anything else in it takes the long way."""

    connector: Literal["postgresql"]
    name: str
    db: str
    schema: str
    table: str
    ts_ms: int
    version: str | None = None
    snapshot: str | None = None
    sequence: str | None = None
    ts_us: int | None = None
    ts_ns: int | None = None
    tx_id: int | None = msgspec.field(default=None, name="txId")
    lsn: int | None = None
    xmin: int | None = None
    origin: str | None = None
    origin_lsn: int | None = None


Order = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""A place in a transaction: 64 bits for Debezium, and for the trail."""


class TransactionBlock(msgspec.Struct, gc=False):
    """An envelope's `transaction` block; the last two are Vitess's, with ordered transactions."""

    id: str | None = None
    total_order: Order | None = None
    data_collection_order: Order | None = None
    transaction_epoch: Scalar = None
    transaction_rank: Scalar = None


read_postgres_source = msgspec.json.Decoder(PostgresSource).decode
"""Read an ordinary block of PostgreSQL's. Raises `msgspec.ValidationError` for any other."""

_decode = msgspec.json.Decoder(SourceBlock).decode
_decode_any = msgspec.json.Decoder(dict[str, Any]).decode


_FIELDS = msgspec.structs.fields(SourceBlock)
"""Worked out once: it takes longer than decoding a record."""


def read_source(raw: msgspec.Raw) -> SourceBlock:
    """
    Read the block. A field of an unexpected type is left out here; the text keeps it.

    Raises:
        msgspec.MsgspecError: It is no JSON object.
    """
    try:
        return _decode(raw)
    except msgspec.ValidationError:
        return source_from_fields(_decode_any(raw))


def source_from_fields(fields: dict[str, Any]) -> SourceBlock:
    """The block that `fields` describe; those of an unexpected type are left out."""
    told = {name: value for name, value in fields.items() if value is not None}
    try:
        return msgspec.convert(told, SourceBlock, strict=True)
    except msgspec.ValidationError:
        return _block_of_usable(told)


def _block_of_usable(fields: dict[str, Any]) -> SourceBlock:
    usable: dict[str, Any] = {}
    for field in _FIELDS:
        value = fields.get(field.encode_name)
        if value is None:
            continue
        try:
            usable[field.name] = msgspec.convert(value, field.type, strict=True)
        except msgspec.ValidationError:
            continue
    return SourceBlock(**usable)


def source_time(source: SourceBlock) -> int | None:
    """
    The database's time of the change; microseconds since 1970, UTC.

    MongoDB's `wallTime` is the finer one, and from Debezium 3.4 on what `ts_ms` holds anyway.
    Cassandra's `ts_ms` holds micro- or nanoseconds in some versions, told by their digits.
    """
    if source.wall_time is not None and source.connector == "mongodb":
        return source.wall_time * 1000
    milliseconds = source.ts_ms
    if milliseconds is not None and source.connector == "cassandra":
        if abs(milliseconds) >= _EIGHTEEN_DIGITS:
            return milliseconds // 1000
        if abs(milliseconds) >= _FIFTEEN_DIGITS:
            return milliseconds
    return microseconds(source.ts_ns, source.ts_us, milliseconds)


def source_names(source: SourceBlock) -> tuple[str | None, str | None, str | None]:
    """The database, schema and bare table that the row belongs to; None where there is none."""
    connector = source.connector
    if connector == "mongodb":
        return source.db or None, None, source.collection
    if connector == "vitess":
        return source.keyspace or source.db or None, None, source.table
    if connector == "cassandra":
        return source.db or None, source.keyspace, source.table
    if connector == "spanner":
        return source.db or source.database_id or None, None, source.table
    return source.db or None, source.schema, source.table

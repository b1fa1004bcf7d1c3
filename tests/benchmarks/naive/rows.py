"""The straightforward service's rows: the table as an ORM has it, and a message as a row."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, SmallInteger, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from domain.consumed import ConsumedRecord

_OPERATIONS = {"c": "INSERT", "u": "UPDATE", "d": "DELETE", "r": "SNAPSHOT"}
_Row = dict[str, Any]


class Base(DeclarativeBase):
    """Tables."""


class AuditRow(Base):
    """A row of the trail, in the trail's own table."""

    __tablename__ = "audit_logging"

    stream_id: Mapped[int] = mapped_column(primary_key=True)
    kafka_partition: Mapped[int] = mapped_column(primary_key=True)
    kafka_offset: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    change_timestamp: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    timestamp_source: Mapped[str | None] = mapped_column(Text)
    captured_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    kafka_timestamp: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    connector: Mapped[str | None] = mapped_column(Text)
    source_name: Mapped[str | None] = mapped_column(Text)
    source_database: Mapped[str | None] = mapped_column(Text)
    source_schema: Mapped[str | None] = mapped_column(Text)
    source_table: Mapped[str | None] = mapped_column(Text)
    operation: Mapped[str] = mapped_column(Text)
    record_key: Mapped[str | None] = mapped_column(Text)
    key_hash: Mapped[int | None] = mapped_column(BigInteger)
    old_data: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    new_data: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    changed_columns: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    before_image: Mapped[str | None] = mapped_column(Text)
    transaction_id: Mapped[str | None] = mapped_column(Text)
    lsn: Mapped[str | None] = mapped_column(Text)
    source_position: Mapped[str | None] = mapped_column(Text)
    source_metadata: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    decoder_version: Mapped[int | None] = mapped_column(SmallInteger)


def a_row(record: ConsumedRecord, stream_id: int) -> _Row:
    """Decode a message, and give the values of its row."""
    envelope = json.loads(record.value or b"null")
    source = envelope["source"]
    before, after = envelope["before"], envelope["after"]
    key = json.dumps(json.loads(record.key or b"null"), separators=(",", ":"), sort_keys=True)
    return {
        "stream_id": stream_id,
        "kafka_partition": record.partition,
        "kafka_offset": record.offset,
        "change_timestamp": _time(source["ts_us"]),
        "timestamp_source": "source",
        "captured_at": _time(envelope["ts_us"]),
        "kafka_timestamp": _time(record.timestamp * 1_000),
        "connector": source["connector"],
        "source_name": source["name"],
        "source_database": source["db"],
        "source_schema": source["schema"],
        "source_table": source["table"],
        "operation": _OPERATIONS[envelope["op"]],
        "record_key": key,
        "key_hash": _hash(source, key),
        "old_data": before,
        "new_data": after,
        "changed_columns": _changed(before, after),
        "before_image": "complete" if before is not None else "absent",
        "transaction_id": str(source["txId"]),
        "lsn": f"{source['lsn'] >> 32:X}/{source['lsn'] & 0xFFFFFFFF:X}",
        "source_position": f"{source['lsn']:020d}",
        "source_metadata": source,
        "decoder_version": 1,
    }


def _time(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)


def _hash(source: _Row, key: str) -> int:
    names = (source["connector"], source["name"], source["db"], source["schema"], source["table"])
    digest = hashlib.sha256("\0".join((*names, key)).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _changed(before: _Row | None, after: _Row | None) -> list[str] | None:
    if before is None or after is None:
        return None
    return [name for name, value in after.items() if before.get(name) != value]

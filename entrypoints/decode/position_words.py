"""
Where a change stands in its source, field by field, as each connector names them.

PostgreSQL's lsn is a number and, as `lsn_text`, what PostgreSQL itself writes.
"""

import json
import re
from collections.abc import Mapping

import msgspec

from domain.audit_record import AuditRecord
from entrypoints.decode.exact_text import Members, member, members, plain

_FIELDS: Mapping[str, tuple[str, ...]] = {
    "mysql": ("file", "pos", "row", "gtid", "server_id"),
    "mariadb": ("file", "pos", "row", "gtid", "server_id"),
    "sqlserver": ("change_lsn", "commit_lsn", "event_serial_no"),
    "oracle": ("scn", "commit_scn", "rs_id", "ssn", "redo_thread", "tx_seq", "row_id"),
    "mongodb": ("ts_sec", "ord", "wall_time"),
    "db2": ("change_lsn", "commit_lsn"),
    "vitess": ("vgtid", "shard"),
    "spanner": ("commit_ts_ms", "server_transaction_id", "sequence", "mod_number"),
    "cassandra": ("cluster", "file", "pos"),
    "informix": ("commit_lsn", "change_lsn", "begin_lsn"),
    "yugabytedb": ("lsn", "sequence"),
    "cockroachdb": ("ts_hlc", "resolved_ts"),
    "yashandb": ("position_scn", "group_lsn", "group_offset"),
}
_WRITTEN_AS = {"tx_seq": "txSeq", "wall_time": "wallTime", "commit_ts_ms": "ts_ms"}
"""What source blocks call fields otherwise than the reference does."""

_MOST_DIGITS = 19
"""Of a number of 64 bits."""

_CLOUD_EVENT = "iodebezium"
_LSN = re.compile(r"([0-9A-F]+)/([0-9A-F]+)", re.ASCII)


def source_fields(metadata: str | None) -> Members:
    """The source block; a CloudEvent's attributes without their prefix."""
    found = members(plain(metadata))
    return {name.removeprefix(_CLOUD_EVENT): value for name, value in found.items()}


def position_of(record: AuditRecord, source: Members) -> Mapping[str, object] | None:
    """The position of `record`, whose source block is `source`; None where nothing is known."""
    names = _FIELDS.get(record.connector or "")
    if names is None:
        return _by_lsn(record, source)
    found = {name: _field(name, source) for name in names}
    return found if any(value is not None for value in found.values()) else None


def lsn_fields(lsn: int | None, source: Members) -> Mapping[str, object]:
    """PostgreSQL's position; with the sequence, where the source block has it."""
    text = None if lsn is None else f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"
    found: dict[str, object] = {"lsn": lsn, "lsn_text": text}
    return found | {"sequence": _sequence(source)} if "sequence" in source else found


def _by_lsn(record: AuditRecord, source: Members) -> Mapping[str, object] | None:
    known = _LSN.fullmatch(record.lsn or "")
    if known is not None:
        return lsn_fields(int(known[1], 16) << 32 | int(known[2], 16), source)
    if record.lsn is not None:
        return {"lsn": record.lsn}
    is_known = record.source_position is not None or "sequence" in source
    return lsn_fields(None, source) if is_known else None


def _field(name: str, source: Members) -> object:
    if name == "ts_sec":
        milliseconds = bytes(_own("ts_ms", source) or b"").strip(b'"')
        is_number = milliseconds.isdigit() and len(milliseconds) <= _MOST_DIGITS
        return int(milliseconds) // 1000 if is_number else None
    return _sequence(source) if name == "sequence" else _own(name, source)


def _own(name: str, source: Members) -> msgspec.Raw | None:
    """A field of the source block; CloudEvents leave underscores out of its name."""
    written = _WRITTEN_AS.get(name, name)
    value = source.get(written, source.get(written.replace("_", "")))
    return None if value is None or bytes(value) == b"null" else value


def _sequence(source: Members) -> object:
    """The sequence as the list that its text is; some connectors' is plain text."""
    text = member(source, "sequence")
    if isinstance(text, str) and text.startswith("["):
        try:
            json.loads(text)
        except ValueError:
            return text
        return msgspec.Raw(text.encode("utf-8", "backslashreplace"))
    return text

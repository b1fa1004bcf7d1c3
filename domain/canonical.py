r"""
The canonical bytes of an audit record: what a seal covers.

Rebuilt exactly from the stored columns alone, by anyone, in any language. Version 1:

    cdc-audit record 1\n
    <column>:<length>:<value>\n        for each column in the order of `AuditRecord`

`length` is that of `value` in bytes, in decimal; a null has ``-`` for a length, and no value. Text
and JSON are their UTF-8 as stored; integers are decimal; times are microseconds since 1970, UTC,
in decimal; an array is ``<length>:<element>`` for each element, one after the other.

`recorded_at` is left out: a default of the database fills it, after the record was made. A version
never changes once it is released; a new column makes a new version, and the old one stays.
"""

from domain.audit_record import AuditRecord

CANONICAL_VERSION = 1

_COLUMNS = (
    "stream_id",
    "kafka_partition",
    "kafka_offset",
    "change_timestamp",
    "timestamp_source",
    "captured_at",
    "kafka_timestamp",
    "connector",
    "source_name",
    "source_database",
    "source_schema",
    "source_table",
    "operation",
    "record_key",
    "key_hash",
    "old_data",
    "new_data",
    "changed_columns",
    "before_image",
    "value_notes",
    "transaction_id",
    "transaction_order",
    "collection_order",
    "lsn",
    "source_position",
    "source_metadata",
    "headers",
    "change_user",
    "decoder_version",
)


def canonical_bytes(record: AuditRecord) -> bytes:
    """
    The bytes that stand for `record`: equal for equal records, different for different ones.

    Source: this module's docstring.
    """
    parts = [b"cdc-audit record %d\n" % CANONICAL_VERSION]
    for column in _COLUMNS:
        value = _value(getattr(record, column))
        name = column.encode()
        if value is None:
            parts.append(b"%b:-:\n" % name)
        else:
            parts.append(b"%b:%d:%b\n" % (name, len(value), value))
    return b"".join(parts)


def _value(value: int | str | tuple[str, ...] | None) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, tuple):
        elements = [_text(element) for element in value]
        return b"".join(b"%d:%b" % (len(element), element) for element in elements)
    return _text(value) if isinstance(value, str) else b"%d" % value


def _text(text: str) -> bytes:
    # A database takes no half of a surrogate pair: such a record is never stored, or sealed.
    return text.encode("utf-8", "surrogatepass")

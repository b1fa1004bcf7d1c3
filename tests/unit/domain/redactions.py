"""Records to redact, and short words for rules."""

from typing import Any

import msgspec

from domain.audit_record import AuditRecord
from domain.hash_key import HashKey
from domain.record_key import identity_prefix, key_hash
from domain.redacted_record import redacted_record
from domain.redaction import ColumnRule, Redaction, RuleAction
from tests.builders import a_record

TOPIC = "shop.public.customers"
KEY = HashKey("2026", b"a key of tests, and of nothing else")


def mask(column: str, table: str = "*") -> ColumnRule:
    """Make a rule that masks a column."""
    return ColumnRule(column=column, table=table)


def drop(column: str, table: str = "*") -> ColumnRule:
    """Make a rule that drops a column."""
    return ColumnRule(column=column, table=table, action=RuleAction.DROP)


def hashed(column: str, table: str = "*") -> ColumnRule:
    """Make a rule that hashes a column."""
    return ColumnRule(column=column, table=table, action=RuleAction.HASH)


def hide(column: str, table: str = "*") -> ColumnRule:
    """Make a rule that hides a column."""
    return ColumnRule(column=column, table=table, action=RuleAction.HIDE)


def a_customer(**fields: Any) -> AuditRecord:  # noqa: ANN401 - any field
    """An UPDATE of a customer's e-mail address, with the key's hash."""
    values: dict[str, Any] = {
        "source_table": "customers",
        "record_key": '{"id":1}',
        "old_data": '{"id":1,"email":"old@x.example"}',
        "new_data": '{"id":1,"email":"new@x.example"}',
        "changed_columns": ("email",),
    }
    values.update(fields)
    record = a_record(**values)
    return msgspec.structs.replace(record, key_hash=hash_of(record))


def hash_of(record: AuditRecord, *, table: str | None = None) -> int | None:
    """Hash the key that the record has now, by the rule of `domain.record_key`."""
    if record.record_key is None:
        return None
    prefix = identity_prefix(
        record.connector,
        record.source_name,
        record.source_database,
        record.source_schema,
        table or record.source_table,
    )
    return key_hash(prefix, record.record_key.encode())


def redacted(record: AuditRecord, *rules: ColumnRule, topic: str = TOPIC) -> AuditRecord:
    """Apply `rules` to the record."""
    return redacted_record(record, Redaction(rules, hash_key=KEY), topic=topic)

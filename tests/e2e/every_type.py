"""
A table with every type, and what its database says of each change: a recording's SQL, run live.

    set-up, statements ──▶ database ──▶ Debezium ──▶ decoder ──▶ `images` ──┐
                              │                                             ├──▶ `matched`
                              └──▶ each column of each row as text ─────────┘
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from adapters.debezium.connect_schema import ConnectSchema, read_schema
from adapters.debezium.decoder import DebeziumDecoder
from domain.audit_record import AuditRecord
from domain.column_notes import read_notes
from domain.consumed import RawRecord
from domain.operation import ValueNote
from tests.processes import wait_until
from tests.servers.debezium import Engine, Jars
from tests.unit.debezium.recordings import RECORDED, Row, TrueChange
from tests.unit.debezium.truth_matching import Found, Images, matched

TABLE = "types"


class RecordedSql(msgspec.Struct, frozen=True):
    """
    What was run for a recording, as far as it concerns the table with every type.

    Attributes:
        setup: Makes the table, and what that needs.
        statements: Change it.
    """

    setup: Sequence[str]
    statements: Sequence[str]


def recorded_sql(name: str) -> RecordedSql:
    """The SQL of a recording."""
    truth = json.loads((RECORDED / f"{name}.truth.json").read_text("utf-8"))
    setup = [statement for statement in truth["setup"].split(";") if statement.strip()]
    others = [s for s in setup if "CREATE TABLE" in s and f"{TABLE} (" not in s]
    statements = [step["sql"] for step in truth["steps"]]
    return RecordedSql(
        setup=[statement for statement in setup if statement not in others],
        statements=[s for s in statements if f" {TABLE}" in s or "sql_mode" in s],
    )


def changed(
    statements: Iterable[str],
    execute: Callable[[str], object],
    rows: Callable[[], Sequence[Row]],
) -> Sequence[TrueChange]:
    """Run statements, and tell what each did to the rows, which `rows` gives as text."""
    told: list[TrueChange] = []
    known: dict[str | None, Row] = {row["id"]: row for row in rows()}
    for step, statement in enumerate(statements):
        execute(statement)
        now = {row["id"]: row for row in rows()}
        for key in known | now:
            before, after = known.get(key), now.get(key)
            if before != after:
                op = "c" if before is None else "d" if after is None else "u"
                told.append(TrueChange(step, TABLE, op, before, after))
        known = now
    return told


def schema_of(record: RawRecord) -> ConnectSchema:
    """The schema of the rows of a record that carries its schema."""
    wrapped: dict[str, Any] = json.loads(record.value or b"{}")
    schema: ConnectSchema = read_schema(msgspec.json.encode(wrapped["schema"]))
    rows = schema.child("after")
    assert rows is not None
    return rows


class Decoded(msgspec.Struct, frozen=True):
    """
    What a decoder made of the records of the table.

    Attributes:
        records: The changes.
        found: What came of comparing them with the database's word.
    """

    records: Sequence[AuditRecord]
    found: Found

    @property
    def rows(self) -> Sequence[tuple[str | None, ...]]:
        """Keys and images, as they are stored."""
        return [(r.record_key, r.old_data, r.new_data) for r in self.records]

    @property
    def undecoded(self) -> set[str]:
        """Columns that were stored as the wire had them, since their type is not known."""
        return {
            column
            for record in self.records
            for column, notes in read_notes(record.value_notes).items()
            if any(note.word == ValueNote.UNDECODED for note in notes)
        }


def decoded(
    records: Sequence[RawRecord],
    schema: ConnectSchema,
    told: Sequence[TrueChange],
    decoder: DebeziumDecoder,
) -> Decoded:
    """Decode records, and compare them with what the database told; `schema` says how to read."""
    results = [decoder.decode(record, 1) for record in records]
    changes = [result for result in results if isinstance(result, AuditRecord)]
    images = [
        Images(change, TABLE, schema, _image(change.old_data), _image(change.new_data))
        for change in changes
    ]
    return Decoded(changes, matched(images, told))


def _image(text: str | None) -> Mapping[str, Any] | None:
    image: dict[str, Any] | None = None if text is None else json.loads(text, parse_float=str)
    return image


class BothForms:
    """
    Two engines over one database: the one sends schemas, the other does not.

    Args:
        home: Folder for their files.
        properties: Gives an engine's settings, by its folder and its topic prefix.
        topic: Topic of the table, without prefix.
        jars: Their class path.
    """

    def __init__(
        self,
        home: Path,
        properties: Callable[[Path, str], Mapping[str, str]],
        *,
        topic: str,
        jars: Jars | None = None,
    ) -> None:
        self._topic = topic
        self._engines = {
            prefix: Engine(
                home / prefix,
                {**properties(home / prefix, prefix), "converter.schemas.enable": has_schemas},
                jars=jars,
            )
            for prefix, has_schemas in {"typed": "true", "bare": "false"}.items()
        }

    def have_begun(self) -> bool:
        """Whether both have sent something."""
        return all(engine.records() for engine in self._engines.values())

    def wait_for(self, count: int) -> tuple[Sequence[RawRecord], Sequence[RawRecord]]:
        """Wait until both have sent `count` changes; give those with schemas, those without."""
        wait_until(lambda: min(len(sent) for sent in self._sent()) >= count, what="every change")
        typed, bare = self._sent()
        return typed, bare

    def stop(self) -> None:
        """Stop both."""
        for engine in self._engines.values():
            engine.process.stop()

    def _sent(self) -> Sequence[Sequence[RawRecord]]:
        return [
            engine.changes(f"{prefix}.{self._topic}") for prefix, engine in self._engines.items()
        ]

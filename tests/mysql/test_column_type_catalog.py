"""What MariaDB's own catalog tells of types, and what the decoder makes of it."""

import json
from collections.abc import Generator, Sequence

import msgspec
import pytest

from adapters.debezium.config import DecoderConfig
from adapters.debezium.decoder import DebeziumDecoder
from adapters.mysql.column_type_catalog import MySqlColumnTypeCatalog
from domain.audit_record import AuditRecord
from domain.errors import RepositoryError
from domain.source_types import SourceType, SourceTypes
from tests.servers.mariadb import execute, mariadb_address, scratch_mariadb
from tests.unit.debezium.recordings import RECORDED, TWINS, recording

pytestmark = pytest.mark.mariadb

NAME = "17-mariadb-default"


@pytest.fixture
def database() -> Generator[str]:
    with scratch_mariadb() as name:
        yield name


async def told(database: str) -> SourceTypes:
    types = await MySqlColumnTypeCatalog(mariadb_address()).types()
    return {table: kinds for table, kinds in types.items() if table.startswith(f"{database}.")}


def decoded(name: str, types: SourceTypes) -> Sequence[tuple[str | None, ...]]:
    decoder = DebeziumDecoder(DecoderConfig(bigint_unsigned_handling_mode="precise"))
    decoder.learn(types)
    results = [decoder.decode(record, 1) for record in recording(name)]
    return [
        (r.source_table, r.record_key, r.old_data, r.new_data, r.value_notes)
        for r in results
        if isinstance(r, AuditRecord) and r.source_table in {"types", "audit"}
    ]


async def test_a_recording_without_schemas_is_decoded_as_its_twin_with_schemas(
    database: str,
) -> None:
    setup = json.loads((RECORDED / f"{NAME}.truth.json").read_text("utf-8"))["setup"]
    execute(database, *(statement for statement in setup.split(";") if statement.strip()))
    types = {
        table.replace(database, "m17", 1): {
            column: SourceType(kind.text) for column, kind in columns.items()
        }
        for table, columns in (await told(database)).items()
    }

    without = decoded(NAME, types)

    assert without == decoded(TWINS[NAME], {})
    assert len(without) > 8


async def test_a_type_tells_the_second_in_which_its_table_became_what_it_is(
    database: str,
) -> None:
    ((before,),) = execute(database, "SELECT UNIX_TIMESTAMP()")
    execute(database, "CREATE TABLE t (a decimal(10,2), b int unsigned)")
    execute(database, "ALTER TABLE t MODIFY a decimal(10,4)")
    ((after,),) = execute(database, "SELECT UNIX_TIMESTAMP()")

    types = (await told(database))[f"{database}.t"]

    changed_at = types["a"].changed_at
    assert changed_at is not None
    assert before <= changed_at <= after
    assert types == {
        "a": SourceType("decimal(10,4)", changed_at=changed_at),
        "b": SourceType("int(10) unsigned", changed_at=changed_at),
    }


async def test_views_and_the_servers_own_tables_are_left_out(database: str) -> None:
    execute(database, "CREATE VIEW v AS SELECT 1 AS a")

    types = await MySqlColumnTypeCatalog(mariadb_address()).types()

    assert types == {}


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"port": 1}, {"sslmode": "verify-full"}])
async def test_a_server_that_cannot_be_asked_is_named_without_the_password(
    wrong: dict[str, str | int],
) -> None:
    address = msgspec.structs.replace(mariadb_address(), **wrong)

    with pytest.raises(RepositoryError) as caught:
        await MySqlColumnTypeCatalog(address).types()

    assert f"{address.host}:{address.port}" in str(caught.value)
    assert address.password not in str(caught.value)

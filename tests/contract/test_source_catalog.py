"""The contract of `SourceCatalog`, over the fake and PostgreSQL."""

import msgspec
import pytest

from application.ports import AuditStore
from domain.errors import FencedError
from domain.source_table import SourceColumns, SourceTable
from tests.builders import a_batch
from tests.contract.trail_writing import orders, stored, stream_of
from tests.contract.trails import Trail, in_postgres

ORDERS = SourceTable("postgresql", "shop", "shop", "public", "orders")
PEOPLE = ORDERS._replace(source_table="people")


async def meet(store: AuditStore, *batches: SourceColumns) -> None:
    """Append a batch of one record for each of `batches`, which says what tables it met."""
    stream_id = await stream_of(store)
    encoder = await store.encoder()
    for offset, sources in enumerate(batches):
        batch = a_batch(encoder, orders(stream_id, offset))
        await stored(store, msgspec.structs.replace(batch, sources=sources))


async def test_an_empty_trail_has_met_no_table(trail: Trail) -> None:
    assert await trail.catalog.sources() == {}


async def test_a_table_is_known_with_the_columns_that_its_rows_had(trail: Trail) -> None:
    met = {
        ORDERS: frozenset({"id", "Straße \U0001f9fe", "", "a,b", '{"}'}),
        PEOPLE: frozenset[str](),
    }

    await meet(await trail.store(), met)

    assert await trail.catalog.sources() == met


async def test_columns_are_united_over_the_batches_of_a_writer(trail: Trail) -> None:
    first, second = {ORDERS: frozenset({"id", "old"})}, {ORDERS: frozenset({"id", "new"})}

    await meet(await trail.store(), first, second, first)

    assert await trail.catalog.sources() == {ORDERS: frozenset({"id", "old", "new"})}


async def test_columns_are_united_over_writers(trail: Trail) -> None:
    earlier = await trail.store()
    stream_id = await stream_of(earlier)
    sources = [{ORDERS: frozenset({name})} for name in ("a", "b", "a")]
    stores = [earlier, await trail.store(), await trail.store()]

    for offset, (store, met) in enumerate(zip(stores, sources, strict=True)):
        batch = a_batch(await store.encoder(), orders(stream_id, offset))
        await stored(store, msgspec.structs.replace(batch, sources=met))

    assert await trail.catalog.sources() == {ORDERS: frozenset({"a", "b"})}


@pytest.mark.parametrize("name", SourceTable._fields)
async def test_tables_that_differ_in_one_name_are_apart(trail: Trail, name: str) -> None:
    others = [ORDERS._replace(**{name: other}) for other in ("another", "", None)]
    met = {table: frozenset({str(n)}) for n, table in enumerate((ORDERS, *others))}

    await meet(await trail.store(), met)

    assert await trail.catalog.sources() == met


async def test_a_table_of_which_nothing_is_said_is_one_table(trail: Trail) -> None:
    met = [{SourceTable(): frozenset({name})} for name in ("a", "b")]

    await meet(await trail.store(), *met)

    assert await trail.catalog.sources() == {SourceTable(): frozenset({"a", "b"})}


async def test_tables_of_a_batch_that_was_not_stored_were_not_met(trail: Trail) -> None:
    store = await trail.store()
    stream_id = await stream_of(store)
    ahead = a_batch(await store.encoder(), orders(stream_id, 5))

    with pytest.raises(FencedError):
        await stored(store, ahead)

    assert await trail.catalog.sources() == {}


@pytest.mark.postgres
@pytest.mark.parametrize("name", ["nul\0", "half\ud800", "\udfff"])
async def test_names_that_postgresql_cannot_hold_are_left_out(name: str) -> None:
    met = {
        ORDERS: frozenset({"id", name}),
        ORDERS._replace(source_table=name): frozenset({"id"}),
        PEOPLE: frozenset({"id"}),
    }

    async with in_postgres() as trail:
        await meet(await trail.store(), met)

        known = await trail.catalog.sources()

    assert known == {ORDERS: frozenset({"id"}), PEOPLE: frozenset({"id"})}


@pytest.mark.postgres
async def test_a_name_too_long_for_postgresqls_index_stops_no_batch() -> None:
    incompressible = "".join(chr(0x4E00 + 7919 * n % 20_000) for n in range(3000))
    longest = incompressible[:825]  # with the other names of ORDERS, 2,499 bytes
    met = {
        ORDERS._replace(source_table=incompressible): frozenset({"id"}),
        ORDERS._replace(source_table=longest): frozenset({"id"}),
        PEOPLE: frozenset({incompressible}),
    }

    async with in_postgres() as trail:
        await meet(await trail.store(), met)

        known = await trail.catalog.sources()

    assert known == {
        ORDERS._replace(source_table=longest): frozenset({"id"}),
        PEOPLE: frozenset({incompressible}),
    }

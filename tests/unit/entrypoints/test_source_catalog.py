"""Whether the source's catalog is asked is a matter of whether its database was configured."""

import pytest

from adapters.debezium.decoder import DebeziumDecoder
from adapters.memory.column_type_catalog import MemoryColumnTypeCatalog
from adapters.memory.row_encoder import MemoryRowEncoder, split_rows
from adapters.mysql.column_type_catalog import MySqlColumnTypeCatalog
from adapters.ray.config import RayConfig
from application.consumer_config import ConsumerConfig
from domain.consumed import ConsumedBatch, PartitionSlice
from domain.source_types import SourceType
from domain.stream import StreamPartition
from entrypoints.settings import load_config
from entrypoints.source_catalog import source_catalog
from entrypoints.transformers import open_transformer
from tests.unit.debezium.records import TOPIC, a_consumed, an_envelope


@pytest.mark.parametrize(
    ("given", "port"), [({}, 3306), ({"CDC_AUDIT_SOURCE_DATABASE_PORT": "13306"}, 13306)]
)
def test_the_kind_of_the_source_decides_who_is_asked_and_where(
    given: dict[str, str], port: int
) -> None:
    environ = {
        "CDC_AUDIT_SOURCE_DATABASE_KIND": "mariadb",
        "CDC_AUDIT_SOURCE_DATABASE_HOST": "db",
        **given,
    }
    config = load_config(environ=environ)

    catalog = source_catalog(config.source_database, config.origins)

    assert isinstance(catalog, MySqlColumnTypeCatalog)
    assert repr(catalog.address) == f"MySqlAddress(admin@db:{port})"


@pytest.mark.parametrize(
    ("environ", "is_asked"),
    [
        ({}, False),
        ({"CDC_AUDIT_SINK_DATABASE_HOST": "db"}, False),
        ({"CDC_AUDIT_SOURCE_DATABASE_HOST": "db"}, True),
    ],
)
def test_only_a_source_that_was_configured_is_asked(
    environ: dict[str, str], *, is_asked: bool
) -> None:
    config = load_config(environ=environ)

    catalog = source_catalog(config.source_database, config.origins)

    assert (catalog is not None) == is_asked


async def test_the_service_decodes_by_what_the_catalog_tells() -> None:
    types = {"inventory.public.customers": {"n": SourceType("numeric(10,2)")}}
    record = a_consumed(an_envelope("c", after={"n": "bg=="}))
    part = PartitionSlice(StreamPartition(1, 0, TOPIC), 7, 8, [record])
    async with open_transformer(
        engine="inprocess",
        decoder=DebeziumDecoder(),
        encoder=MemoryRowEncoder(),
        ray=RayConfig(),
        consumer=ConsumerConfig(),
        catalog=MemoryColumnTypeCatalog(types),
    ) as transformer:
        batch = await transformer.transform(ConsumedBatch([part], size=0, polled_at=0.0))

    assert [row.new_data for row in split_rows(batch.rows)] == ['{"n":"1.10"}']

"""The contract of `BatchTransformer`: each sentence of its docstrings, in memory, here, on Ray."""

import asyncio
from collections.abc import AsyncGenerator

import msgspec
import pytest

from adapters.memory.batch_transformer import MemoryBatchTransformer
from adapters.postgres.copy_binary import split_lines
from application.ports import BatchTransformer
from domain.consumed import ConsumedBatch
from domain.errors import SchemaRegistryUnavailableError, TransformerUnavailableError
from domain.source_types import SourceType
from tests.contract.transformers import (
    DEFECT,
    EVERY_TRANSFORMER,
    POISON,
    TOO_LARGE,
    UNKNOWABLE,
    UNTYPED,
    ContractDecoder,
    OpenTransformer,
    a_mixed_part,
    a_part,
    a_transaction_part,
    an_encoder,
    of,
    transformed_directly,
    updates,
)

ENGINES = {"ray", "inprocess"}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """Run the module on one event loop: Ray takes seconds to start, and is started once."""
    return "asyncio"


@pytest.fixture(scope="module", params=EVERY_TRANSFORMER)
async def transformer(request: pytest.FixtureRequest) -> AsyncGenerator[BatchTransformer]:
    opened: OpenTransformer = request.param
    async with opened() as transformer:
        yield transformer


async def test_it_says_where_it_works(transformer: BatchTransformer) -> None:
    assert transformer.engine in ENGINES


async def test_a_batch_is_decoded_and_encoded(transformer: BatchTransformer) -> None:
    result = await transformer.transform(of(a_part(*updates(3))))

    assert result.row_count == 3
    assert len(split_lines(result.rows)) == 3
    assert result.operations == {("shop.public.orders", "UPDATE"): 3}


async def test_every_record_gets_exactly_one_disposition(transformer: BatchTransformer) -> None:
    result = await transformer.transform(of(a_mixed_part()))

    (advance,) = result.advances
    tally = advance.tally
    assert (tally.audited, tally.baseline, tally.control, tally.skipped) == (6, 1, 1, 1)
    assert (tally.quarantined, tally.absent) == (2, 0)
    assert tally.total == advance.next_offset - advance.expected


@pytest.mark.parametrize(
    "batch",
    [
        of(a_part(*updates(20))),
        of(a_mixed_part()),
        of(a_mixed_part(2), a_mixed_part(0), a_mixed_part(1)),
        of(a_mixed_part(compacted=True, holes=2)),
        of(a_mixed_part(compacted=False, holes=2)),
        of(a_transaction_part(), a_mixed_part()),
        of(a_part(*[POISON] * 5)),
        of(a_part()),
        of(a_part(partition=1), a_mixed_part(0), a_part(partition=2)),
        of(),
    ],
    ids=[
        "updates",
        "every disposition",
        "several partitions",
        "gaps of a compacted log",
        "absent offsets",
        "control messages",
        "poison only",
        "an empty slice",
        "empty slices among others",
        "no slice",
    ],
)
async def test_the_result_is_the_same_bytes_wherever_it_runs(
    transformer: BatchTransformer, batch: ConsumedBatch
) -> None:
    result = await transformer.transform(batch)

    expected = transformed_directly(batch)
    assert result.rows == expected.rows
    assert list(result.advances) == list(expected.advances)
    assert result == expected


async def test_five_thousand_records_are_the_same_bytes_too(transformer: BatchTransformer) -> None:
    batch = of(*(a_part(*updates(1000), partition=partition) for partition in range(5)))

    result = await transformer.transform(batch)

    assert result.row_count == 5000
    assert result == transformed_directly(batch)


async def test_batches_that_run_beside_each_other_do_not_mix(transformer: BatchTransformer) -> None:
    batches = [of(a_part(*updates(number), partition=number)) for number in range(1, 20)]

    results = await asyncio.gather(*(transformer.transform(batch) for batch in batches))

    assert results == [transformed_directly(batch) for batch in batches]


@pytest.mark.parametrize(
    ("value", "error_type"),
    [
        (POISON, "ValidationError"),
        (b"", "ValidationError"),
        (b"[" * 100_000, "ValidationError"),
        (DEFECT, "LookupError"),
        (TOO_LARGE, "RecordTooLargeError"),
    ],
    ids=["no JSON", "empty", "too deep", "a defect of ours", "too large"],
)
async def test_no_content_of_a_record_makes_it_raise(
    transformer: BatchTransformer, value: bytes, error_type: str
) -> None:
    batch = of(a_part(*updates(1), value, *updates(1)))

    result = await transformer.transform(batch)

    assert [(q.kafka_offset, q.error_type) for q in result.quarantined] == [(1, error_type)]
    assert result == transformed_directly(batch)


async def test_a_call_that_is_given_up_disturbs_no_later_one(transformer: BatchTransformer) -> None:
    given_up = asyncio.create_task(transformer.transform(of(a_part(*updates(2000)))))
    await asyncio.sleep(0)
    given_up.cancel()
    batch = of(a_mixed_part())

    result = await transformer.transform(batch)

    assert result == transformed_directly(batch)


async def test_workers_that_are_gone_are_unavailable_and_nothing_happened() -> None:
    transformer = MemoryBatchTransformer(ContractDecoder(), an_encoder())
    transformer.available = False
    batch = of(a_mixed_part())

    with pytest.raises(TransformerUnavailableError):
        await transformer.transform(batch)

    transformer.available = True
    assert await transformer.transform(batch) == transformed_directly(batch)


async def test_a_schema_registry_that_is_away_is_told_and_nothing_happened(
    transformer: BatchTransformer,
) -> None:
    batch = of(a_part(*updates(150), UNKNOWABLE))

    with pytest.raises(SchemaRegistryUnavailableError) as caught:
        await transformer.transform(batch)

    assert str(caught.value) == "the registry at http://registry is away"
    assert caught.value.topic == batch.slices[0].partition.topic
    mended = of(a_part(*updates(150)))
    assert await transformer.transform(mended) == transformed_directly(mended)


async def test_records_without_schema_are_decoded_by_the_types_of_their_batch(
    transformer: BatchTransformer,
) -> None:
    columns = {"id": SourceType("bigint"), "amount": SourceType("numeric(10,2)", since=3)}
    unknown = of(a_part(UNTYPED))
    known = msgspec.structs.replace(unknown, types={"shop.public.orders": columns})

    before = await transformer.transform(unknown)
    after = await transformer.transform(known)

    assert (before.has_undecoded, after.has_undecoded) == (True, False)
    assert b"1.10" not in before.rows
    assert b"1.10" in after.rows

"""What is taken at once, until when, and by whom."""

import pickle

import pytest

from adapters.debezium.decoder import DebeziumDecoder
from adapters.direct.lines import DirectLines, best_lines
from adapters.memory.row_encoder import MemoryRowEncoder
from adapters.postgres.copy_binary import split_lines
from adapters.postgres.row_encoder import PostgresRowEncoder
from application.ordinary_lines import LinesInSteps
from application.ordinary_ports import OrdinaryLines
from domain.source_types import SourceType
from tests.unit.debezium.ordinary_changes import AT, SOURCE
from tests.unit.direct.envelopes import a_plain_record, a_run, plain

pytestmark = pytest.mark.compiled

SOURCE_NS, DAY_NS = (AT - 10 * 86_400_000) * 1_000_000, 86_400_000_000_000


def test_types_that_are_learned_end_the_direct_way() -> None:
    decoder = DebeziumDecoder()
    lines = DirectLines(decoder, PostgresRowEncoder(1))
    record = a_plain_record(plain("u"))
    assert a_run(lines, record) is not None

    decoder.learn({"shop.public.orders": {"id": SourceType("integer")}})

    assert a_run(lines, record) is None


def test_lines_can_be_shipped_to_a_worker() -> None:
    lines = DirectLines(DebeziumDecoder(), PostgresRowEncoder(1))
    record = a_plain_record(plain("u"))
    wanted = a_run(lines, record)
    assert wanted is not None

    shipped = pickle.loads(pickle.dumps(lines))  # noqa: S301 - our own bytes
    found = a_run(shipped, record)

    assert isinstance(shipped, DirectLines)
    assert found is not None
    assert found.rows == wanted.rows


def test_a_run_ends_before_what_needs_a_closer_look() -> None:
    lines = DirectLines(DebeziumDecoder(), PostgresRowEncoder(1))
    records = [
        a_plain_record(plain(op, source={**SOURCE, "ts_ns": SOURCE_NS + n * DAY_NS}), offset=n)
        for n, op in enumerate(["c", "u", "u", "c", "d"])
    ]
    odd = a_plain_record(b"{}", offset=5)

    first = a_run(lines, *records, odd, *records)
    second = lines.take([*records, odd, *records], 6, 1, limit=1_000_000)

    assert first is not None
    assert second is not None
    assert (first.end, second.end) == (5, 11)
    assert first.rows == second.rows
    assert len(split_lines(first.rows)) == 5
    assert sorted(first.kinds.values()) == [1, 2, 2]
    assert sorted(first.firsts.values()) == [0, 1, 4]
    assert sorted(second.firsts.values()) == [6, 7, 10]
    assert len(first.positions) == 5
    assert len(first.days) == 5
    assert first.newest == (SOURCE_NS + 4 * DAY_NS) // 1000


def test_a_record_that_is_too_large_ends_a_run() -> None:
    ways: list[OrdinaryLines] = [
        DirectLines(DebeziumDecoder(), PostgresRowEncoder(1)),
        LinesInSteps(DebeziumDecoder(), PostgresRowEncoder(1)),
    ]
    small, large = a_plain_record(plain("c")), a_plain_record(plain("u"))
    limit = len(small.key or b"") + len(small.value or b"")
    assert len(large.value or b"") > limit

    for lines in ways:
        run = lines.take([small, small, large], 0, 1, limit=limit)

        assert run is not None
        assert run.end == 2


def test_an_encoder_for_another_store_makes_lines_in_steps() -> None:
    assert not isinstance(best_lines(DebeziumDecoder(), MemoryRowEncoder()), DirectLines)
    assert isinstance(best_lines(DebeziumDecoder(), PostgresRowEncoder(1)), DirectLines)
    assert not isinstance(best_lines(DebeziumDecoder(), PostgresRowEncoder(1)), LinesInSteps)

"""Teaching never stops a batch: the line of a change that cannot be taught by is made already."""

import pytest

from adapters.debezium.decoder import DebeziumDecoder
from adapters.direct.lines import DirectLines
from adapters.postgres.row_encoder import PostgresRowEncoder
from application.ordinary_ports import Wrapping
from domain.consumed import ConsumedRecord
from tests.unit.direct.envelopes import BothWays, a_plain_record, a_run, plain

pytestmark = pytest.mark.compiled


class UnwrappableDecoder(DebeziumDecoder):
    """A decoder that cannot say what is around a record."""

    def wrapping(self, record: ConsumedRecord) -> Wrapping | None:
        """Fail."""
        del record
        raise ValueError("whatever it is that nobody has thought of")


@pytest.mark.parametrize("number", [b"1e999", b"-1e-999", b"1%030d" % 0, b"0.1e+400"])
def test_a_number_that_no_program_can_hold_in_a_key_stops_nothing(number: bytes) -> None:
    ways = BothWays()
    odd = a_plain_record(plain("u"), b'{"id":%b}' % number)

    assert ways.line(odd) is not None
    assert ways.line(odd) is not None
    ways.line(a_plain_record(plain("u")))
    assert ways.takes(a_plain_record(plain("u")))


def test_a_change_that_cannot_be_taught_by_is_stored_all_the_same() -> None:
    lines = DirectLines(UnwrappableDecoder(), PostgresRowEncoder(1))
    record = a_plain_record(plain("u"))

    runs = [a_run(lines, record, record) for _ in range(2)]

    assert [run and run.end for run in runs] == [2, 2]

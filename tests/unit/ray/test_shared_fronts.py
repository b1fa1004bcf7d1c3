"""Values come out as they went in, whatever they are; what they have in common goes once."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ray.shared_fronts import restore, shorten

SCHEMA = b'{"schema":{"type":"int32","optional":false},"payload":'
OTHER_SCHEMA = b'{"schema":{"type":"string","optional":true},"payload":'

pieces = st.sampled_from(
    [b'{"schema":', b'"payload":', SCHEMA, OTHER_SCHEMA, b'{"payload":', b"null", b"1}", b"\xff"]
)
values = st.lists(
    st.none() | st.binary(max_size=8) | st.lists(pieces, max_size=5).map(b"".join), max_size=12
)


@given(values)
def test_values_come_out_as_they_went_in(given_values: Sequence[bytes | None]) -> None:
    assert restore(shorten(given_values)) == given_values


def test_each_schema_goes_once_in_whatever_order_they_come() -> None:
    shortened = shorten([SCHEMA + b"1}", OTHER_SCHEMA + b'"a"}', None, SCHEMA + b"2}"])

    assert shortened.fronts == [b"", SCHEMA, OTHER_SCHEMA]
    assert shortened.rests == [b"1}", b'"a"}', None, b"2}"]


@pytest.mark.parametrize(
    "value",
    [
        b'{"before":null,"after":{"payload":1}}',
        b'{"schema":{"type":"int32"}}',
        b'{ "schema":{"type":"int32"},"payload":1}',
        b"",
    ],
)
def test_what_carries_no_schema_in_front_goes_as_it_is(value: bytes) -> None:
    shortened = shorten([value, value])

    assert shortened.fronts == [b""]
    assert shortened.rests == [value, value]

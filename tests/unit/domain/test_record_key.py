"""Golden values of the key's hash: it is stored, and must never change."""

import hashlib
import struct

import pytest

from domain.record_key import identity_prefix, key_hash

GOLDEN = [
    (("postgresql", "shop", "shop", "public", "orders"), b'{"id":1}', 8_601_154_543_208_808_776),
    (("mysql", "m", "inventory", None, "orders"), b'{"id":1}', 7_461_224_033_856_076_321),
    ((None, None, None, None, "topic:orders"), b'"order-1"', -6_016_643_611_773_285_556),
    (
        ("postgresql", "shop", "shop", "public", "größe"),
        b'{"a":"x","b":1.10}',
        4_054_452_834_784_895_420,
    ),
]


@pytest.mark.parametrize(("names", "key", "expected"), GOLDEN)
def test_a_key_has_the_hash_that_was_released(
    names: tuple[str | None, str | None, str | None, str | None, str | None],
    key: bytes,
    expected: int,
) -> None:
    assert key_hash(identity_prefix(*names), key) == expected


def test_the_hash_covers_one_json_array() -> None:
    text = b'["postgresql","shop","shop","public","orders",{"id":1}]'
    prefix = identity_prefix("postgresql", "shop", "shop", "public", "orders")

    (expected,) = struct.unpack(">q", hashlib.sha256(text).digest()[:8])

    assert key_hash(prefix, b'{"id":1}') == expected


def test_every_part_of_the_identity_counts() -> None:
    names = ["c", "s", "d", "n", "t"]
    prefixes = {identity_prefix("c", "s", "d", "n", "t")}
    for place in range(len(names)):
        other = [*names]
        other[place] = "x"
        prefixes.add(identity_prefix(*other))

    hashes = {key_hash(prefix, b'{"id":1}') for prefix in prefixes}

    assert len(hashes) == 6


def test_names_cannot_be_shifted_into_one_another() -> None:
    one = identity_prefix("a", "b", None, None, "t")
    other = identity_prefix("a", None, "b", None, "t")

    assert key_hash(one, b"1") != key_hash(other, b"1")
    assert identity_prefix('a","b', None, None, None, None) != identity_prefix(
        "a", "b", None, None, None
    )

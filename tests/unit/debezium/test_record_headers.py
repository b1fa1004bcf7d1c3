"""Record headers, as they are stored and what they say."""

import json

from tests.unit.debezium.records import an_envelope, audited

ROW = {"id": 1}


def stored(*headers: tuple[str, bytes | None]) -> object:
    text = audited(an_envelope(after=ROW), headers=headers).headers
    return None if text is None else json.loads(text)


def test_headers_keep_their_order_and_their_repetition() -> None:
    assert stored(("b", b"1"), ("a", b"2"), ("b", b"3")) == [["b", "1"], ["a", "2"], ["b", "3"]]


def test_without_headers_nothing_is_stored() -> None:
    assert stored() is None


def test_what_is_no_text_is_hexadecimal_and_null_stays_null() -> None:
    assert stored(("bin", b"\x00\xff"), ("nul", b"a\x00"), ("none", None), ("empty", b"")) == [
        ["bin", {"hex": "00ff"}],
        ["nul", {"hex": "6100"}],
        ["none", None],
        ["empty", ""],
    ]


def test_a_name_that_is_no_text_is_kept_as_well() -> None:
    assert stored(("\ud800", b"x"), ("a\x00", b"y")) == [
        [{"hex": "eda080"}, "x"],
        [{"hex": "6100"}, "y"],
    ]


def test_debeziums_constant_headers_are_left_out() -> None:
    constant = ("__debezium.context.connectorName", b"postgresql")

    assert stored(constant) is None
    assert stored(constant, ("__debezium.newkey", b'{"id":2}')) == [
        ["__debezium.newkey", '{"id":2}']
    ]

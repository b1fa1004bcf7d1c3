"""What the source prints and what the trail keeps become equal where they are, and only there."""

from decimal import Decimal

import pytest

from entrypoints.demo.values import UnreadableValueError, read_value

SAME = [
    ("bigint", "9007199254740993", Decimal(9007199254740993)),
    ("smallint", "-3", -3),
    ("numeric", "24.90", "24.90"),
    ("numeric", "24.90", Decimal("24.90")),
    ("numeric", "0.00", "0.00"),
    ("boolean", "true", True),
    ("boolean", "false", False),
    ("text", 'A "6"\\ \n', 'A "6"\\ \n'),
    ("date", "1985-12-10", "1985-12-10"),
    ("timestamp with time zone", "2026-11-24 17:58:16.2171+00", "2026-11-24T17:58:16.217100Z"),
    ("timestamp with time zone", "2026-11-24 18:58:16+01", "2026-11-24T17:58:16Z"),
    ("timestamp without time zone", "2026-11-24 17:58:16.2", "2026-11-24T17:58:16.200"),
    ("jsonb", '{"a": 1, "b": [1.50, null]}', '{"b":[1.50,null],"a":1}'),
    ("jsonb", '{"a": 1}', {"a": Decimal(1)}),
]

DIFFERENT = [
    ("bigint", "9007199254740993", Decimal(9007199254740992)),
    ("numeric", "1.10", "1.1"),
    ("numeric", "1.10", Decimal("1.100")),
    ("boolean", "true", False),
    ("text", "a", "a "),
    ("text", "", None),
    ("date", "1985-12-10", "1985-12-11"),
    ("timestamp with time zone", "2026-11-24 17:58:16.217114+00", "2026-11-24T17:58:16.217Z"),
    ("timestamp with time zone", "2026-11-24 17:58:16+00", "2026-11-24T16:58:16Z"),
    ("jsonb", '{"a": 1}', '{"a": "1"}'),
    ("jsonb", "null", None),
]

UNREADABLE = [
    ("bigint", "1.5"),
    ("bigint", True),
    ("numeric", "JvY="),
    ("numeric", True),
    ("boolean", 1),
    ("boolean", "yes"),
    ("text", 5),
    ("date", 5822),
    ("timestamp with time zone", "2026-11-24T17:58:16"),
    ("timestamp without time zone", "2026-11-24T17:58:16Z"),
    ("timestamp without time zone", 1_795_541_896_000),
    ("jsonb", "{"),
    ("point", "(1,2)"),
]


@pytest.mark.parametrize(("kind", "in_source", "in_trail"), SAME)
def test_the_same_value_is_equal_on_both_sides(kind: str, in_source: str, in_trail: object) -> None:
    assert read_value(in_source, kind) == read_value(in_trail, kind)


@pytest.mark.parametrize(("kind", "in_source", "in_trail"), DIFFERENT)
def test_another_value_is_different(kind: str, in_source: str, in_trail: object) -> None:
    assert read_value(in_source, kind) != read_value(in_trail, kind)


@pytest.mark.parametrize(("kind", "raw"), UNREADABLE)
def test_a_value_that_its_type_does_not_allow_is_refused(kind: str, raw: object) -> None:
    with pytest.raises(UnreadableValueError):
        read_value(raw, kind)


def test_null_is_null_in_every_type() -> None:
    assert read_value(None, "bigint") is None
    assert read_value(None, "jsonb") is None

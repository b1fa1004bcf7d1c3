"""Which tables somebody may see."""

import pytest

from domain.access import TableScope


@pytest.mark.parametrize(
    ("patterns", "table", "seen"),
    [
        ([], ("shop", "public", "orders"), True),
        ([], (None, None, None), True),
        (["public.*"], ("shop", "public", "orders"), True),
        (["public.*"], ("shop", "private", "orders"), False),
        (["orders"], ("shop", "private", "orders"), True),
        (["order?"], ("shop", "public", "orders"), True),
        (["shop.orders"], ("shop", None, "orders"), True),
        (["shop.orders"], ("shop", "public", "orders"), False),
        (["Orders"], ("shop", "public", "orders"), False),
        (["a", "public.orders"], ("shop", "public", "orders"), True),
        (["*"], ("shop", "public", None), False),
    ],
)
def test_patterns_say_which_tables_are_seen(
    patterns: list[str], table: tuple[str | None, str | None, str | None], *, seen: bool
) -> None:
    assert TableScope(tuple(patterns)).sees(*table) is seen

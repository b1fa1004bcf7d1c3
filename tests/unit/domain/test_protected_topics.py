"""Topics whose quarantined records may hold what rules redact: rather one too many."""

import pytest

from domain.protected_topics import ProtectedTopics
from domain.redaction import ColumnRule

CUSTOMERS = (ColumnRule(column="email", table="public.customers"),)


def test_every_topic_is_protected_unless_names_can_be_trusted() -> None:
    assert ProtectedTopics().has("anything")


@pytest.mark.parametrize(
    ("topic", "is_protected"),
    [
        ("shop.public.customers", True),
        ("SHOP.Public.Customers", True),
        ("shop.db.public.customers", True),
        ("shop.public.orders", False),
        ("shop.archive.customers", False),
        ("customers", True),
        ("routed.orders", True),
        ("", True),
    ],
)
def test_a_topic_whose_name_tells_no_table_is_protected_like_one_with_a_rule(
    topic: str, *, is_protected: bool
) -> None:
    assert ProtectedTopics(CUSTOMERS).has(topic) is is_protected


def test_a_rule_for_every_table_protects_every_topic() -> None:
    assert ProtectedTopics((ColumnRule(column="email"),)).has("shop.public.orders")


def test_without_a_rule_no_topic_is_protected() -> None:
    assert not ProtectedTopics(()).has("routed")

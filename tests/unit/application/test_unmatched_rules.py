"""Rules that fit no column that was met are named, with the column that was perhaps meant."""

import logging

import pytest

from application.unmatched_rules import UnmatchedRule, log_unmatched_rules, unmatched_rules
from domain.redaction import ColumnRule
from domain.source_table import SourceTable

USERS = SourceTable("postgresql", "shop", "shop", "public", "users")
MYSQL = SourceTable("mysql", "shop", "crm", None, "people")
MET = {USERS: frozenset({"id", "Email", "address"}), MYSQL: frozenset({"id", "phone"})}


def unmatched(column: str, table: str = "*") -> list[UnmatchedRule]:
    return list(unmatched_rules(MET, [ColumnRule(column=column, table=table)]))


def test_a_misspelt_column_is_named_with_the_nearest_one() -> None:
    assert unmatched("emial", "users") == [UnmatchedRule("users", "emial", "Email")]


def test_a_column_like_none_is_named_alone() -> None:
    assert unmatched("zzz", "crm.people") == [UnmatchedRule("crm.people", "zzz", None)]


@pytest.mark.parametrize(
    ("column", "table"),
    [
        ("EMAIL", "users"),
        ("*mail", "public.users"),
        ("phone", "*"),
        ("phone", "crm.people"),
        ("address.street", "users"),
        ("*.street", "users"),
        ("emial", "orders"),
    ],
)
def test_a_rule_that_fits_something_or_a_table_that_was_not_met_is_not_named(
    column: str, table: str
) -> None:
    assert unmatched(column, table) == []


def test_something_inside_of_a_column_that_was_not_met_is_named() -> None:
    assert unmatched("adress.street", "users") == [
        UnmatchedRule("users", "adress.street", "address")
    ]


def test_rows_that_were_escaped_whole_say_nothing() -> None:
    assert unmatched_rules({USERS: frozenset()}, [ColumnRule(column="email")]) == []


def test_each_is_logged_with_what_was_perhaps_meant(caplog: pytest.LogCaptureFixture) -> None:
    log_unmatched_rules(MET, [ColumnRule(column="emial", table="users"), ColumnRule(column="id")])

    (record,) = caplog.records
    told = vars(record)
    assert record.levelno == logging.WARNING
    assert (told["table"], told["column"], told["nearest"]) == ("users", "emial", "Email")

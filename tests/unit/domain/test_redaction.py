"""Rules on columns: which one decides, which names speak for themselves, and what a mask does."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.redacted_values import redacted_image
from domain.redaction import (
    MASK,
    ColumnRule,
    Redaction,
    RuleAction,
    is_well_known_sensitive,
)

DROP, MASKED = RuleAction.DROP, RuleAction.MASK

SENSITIVE = """
password user_password PASSWORD passWord passwd pwd passphrase userPassCode password_hash
password2 apiKey api_key APIKey apikey accessKeys client-secret refresh_token OAuthToken tokens
credentials otp cardNumber card_no creditCard credit_card_number pan cvv cvv2 cvc pin pinCode
cardPin ssn SSN iban customerIBAN bank_account accountNumber socialSecurityNumber national_id
tax_id passport passportNumber größe_pin
"""

HARMLESS = """
compass passenger passed bypass tokenized_at tokenizer secretary spin pinned pint opinion panel
company japan trépan card cardinal discard key keyboard monkey primary_key foreign_keys number
account session assignment id email spinner ibanez cvvx o
"""


@pytest.mark.parametrize(
    ("table", "column", "fits"),
    [
        ("customers", "email", True),
        ("public.customers", "email", True),
        ("*", "email", True),
        ("public.*", "email", True),
        ("*.customers", "email", True),
        ("cust*", "e?ail", True),
        ("customers", "*", True),
        ("customers", "[de]mail", True),
        ("CUSTOMERS", "EMAIL", True),
        ("Public.Customers", "eMail", True),
        ("orders", "email", False),
        ("archive.customers", "email", False),
        ("public", "email", False),
        ("customer", "email", False),
        ("customers", "mail", False),
        ("customers", "email.address", False),
    ],
)
def test_a_rule_fits_by_glob_patterns_whatever_the_case(
    table: str, column: str, *, fits: bool
) -> None:
    redaction = Redaction([ColumnRule(column=column, table=table)])

    action = redaction.action("public", "customers", "email")

    assert action is (MASKED if fits else None)


def test_case_is_ignored_in_the_names_of_the_source_too() -> None:
    redaction = Redaction([ColumnRule(column="straße", table="public.kunden")])

    assert redaction.action("PUBLIC", "Kunden", "STRAßE") is MASKED


def test_a_table_without_a_schema_has_only_its_bare_name() -> None:
    redaction = Redaction([ColumnRule(column="email", table="public.customers")])

    assert redaction.action(None, "customers", "email") is None


def test_a_rule_without_a_table_speaks_of_every_table() -> None:
    redaction = Redaction([ColumnRule(column="email")])

    assert redaction.action(None, None, "email") is MASKED


def test_the_first_rule_that_fits_a_column_decides() -> None:
    email, every = ColumnRule(column="email"), ColumnRule(column="e*", action=DROP)

    actions = [
        Redaction(rules).action("public", "customers", "email")
        for rules in ([email, every], [every, email])
    ]

    assert actions == [MASKED, DROP]


def test_a_rule_decides_before_a_name_speaks_for_itself() -> None:
    rules = [ColumnRule(column="password", action=DROP)]

    redaction = Redaction(rules, mask_well_known=True)

    assert redaction.action("public", "customers", "password") is DROP
    assert redaction.action("public", "customers", "pin") is MASKED
    assert redaction.action("public", "customers", "name") is None


def test_names_speak_for_themselves_only_where_that_is_wanted() -> None:
    assert Redaction([]).action("public", "customers", "password") is None


def test_tables_of_which_no_rule_speaks_are_not_concerned() -> None:
    redaction = Redaction([ColumnRule(column="email", table="public.cust*")])

    concerned = {
        (schema, table): redaction.concerns(schema, table)
        for schema in ("public", "archive", None)
        for table in ("customers", "orders", None)
    }

    assert [key for key, is_concerned in concerned.items() if is_concerned] == [
        ("public", "customers")
    ]


def test_every_table_may_have_a_column_whose_name_speaks_for_itself() -> None:
    assert Redaction([], mask_well_known=True).concerns(None, "anything")


def test_only_rules_that_can_never_redact_are_empty() -> None:
    assert Redaction([]).is_empty
    assert not Redaction([], mask_well_known=True).is_empty
    assert not Redaction([ColumnRule(column="email")]).is_empty


def test_an_answer_does_not_depend_on_what_was_asked_before() -> None:
    redaction = Redaction([ColumnRule(column="email", table="customers")])
    questions = [("customers", "email"), ("customers", "id"), ("orders", "email")]

    answers = [
        redaction.action("public", table, column)
        for table, column in (*questions, *reversed(questions))
    ]

    assert answers == [MASKED, None, None, None, None, MASKED]


@pytest.mark.parametrize(
    "column",
    SENSITIVE.split(),
)
def test_a_name_of_secrets_speaks_for_itself(column: str) -> None:
    assert is_well_known_sensitive(column)


@pytest.mark.parametrize(
    "column",
    HARMLESS.split(),
)
def test_a_name_that_only_looks_like_one_of_secrets_does_not(column: str) -> None:
    assert not is_well_known_sensitive(column)


def acting(**actions: RuleAction) -> Redaction:
    return Redaction([ColumnRule(column=name, action=action) for name, action in actions.items()])


def redacted(text: str, **actions: RuleAction) -> tuple[str, object]:
    redaction = acting(**actions)
    return redacted_image(text, lambda column: redaction.action(None, None, column))


def test_a_masked_value_of_any_type_becomes_the_mask() -> None:
    values = '"text"', "1.50", "true", '{"a":[1,"}"]}', "[]", '"\\"}"', '""', '"null"'

    results = [redacted(f'{{"id":1,"secret":{value}}}', secret=MASKED) for value in values]

    assert results == [(f'{{"id":1,"secret":"{MASK}"}}', {"secret": MASKED})] * len(values)


def test_null_stays_null_when_masked() -> None:
    text = '{"id": 1, "secret": null}'

    assert redacted(text, secret=MASKED) == (text, {})


def test_a_dropped_column_vanishes_with_its_null() -> None:
    assert redacted('{"a":1,"b":null,"c":2}', b=DROP) == ('{"a":1,"c":2}', {"b": DROP})
    assert redacted('{"a":1}', a=DROP) == ("{}", {"a": DROP})


def test_what_is_not_redacted_keeps_its_text() -> None:
    text = '{ "n" : 1.50e3 ,\t"z":[ 1, 2 ], "\\u00e4":"\\u0041", "secret":1, "n":0}'

    stored, _ = redacted(text, secret=MASKED)

    assert stored == f'{{"n":1.50e3,"z":[ 1, 2 ],"\\u00e4":"\\u0041","secret":"{MASK}","n":0}}'


def test_a_text_with_nothing_to_redact_comes_back_as_it_is() -> None:
    text = '{ "n" : 1.50e3 }'

    assert redacted(text, secret=MASKED) == (text, {})


def test_a_name_is_known_however_json_writes_it() -> None:
    stored, _ = redacted(r'{"s\u0065cret":"x","SECRET":"y"}', secret=MASKED)

    assert stored == rf'{{"s\u0065cret":"{MASK}","SECRET":"{MASK}"}}'


def test_a_column_that_comes_twice_is_redacted_twice() -> None:
    assert redacted('{"a":1,"a":2}', a=DROP) == ("{}", {"a": DROP})


@pytest.mark.parametrize("text", ["1", '"text"', "[1]", "null", '{"a":1} {}'])
def test_what_is_no_object_has_no_columns(text: str) -> None:
    assert redacted(text, a=DROP) == (text, {})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(row=st.dictionaries(st.text(), json_values), ascii_only=st.booleans(), data=st.data())
def test_redacting_text_is_redacting_the_row(
    row: dict[str, object], data: st.DataObject, *, ascii_only: bool
) -> None:
    some = st.sets(st.sampled_from(sorted(row))) if row else st.just(set[str]())
    masked, dropped = data.draw(some), data.draw(some)
    text = json.dumps(row, ensure_ascii=ascii_only)

    stored, _ = redacted_image(
        text, lambda name: DROP if name in dropped else MASKED if name in masked else None
    )

    assert json.loads(stored) == {
        name: MASK if name in masked and value is not None else value
        for name, value in row.items()
        if name not in dropped
    }

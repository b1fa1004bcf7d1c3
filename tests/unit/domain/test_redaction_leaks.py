"""A redacted value is nowhere in what is stored: planted in every place that repeats values."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.audit_record import AuditRecord
from domain.canonical import canonical_bytes
from domain.jsonb_safety import escape_image, escape_whole
from domain.redaction import ColumnRule, RuleAction
from domain.value_notes import ESCAPED_IMAGE, WHOLE_IMAGE, combined_notes
from tests.unit.domain.redactions import a_customer, redacted

PLANTED = "gEhEiMnIs7"
"""Letters and digits, as no escape of JSON's changes them."""

COLUMN = "Secret"

names = st.text(st.characters(codec=None), max_size=6).filter(lambda n: n.lower() != "secret")
scalars = st.none() | st.integers() | st.text(st.characters(codec=None), max_size=6)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
    max_leaves=4,
)
rows = st.dictionaries(names, values, max_size=4)
secrets = st.sampled_from(
    [PLANTED, [PLANTED], {"a": {"b": PLANTED}}, f"\0{PLANTED}", f"{PLANTED}\ud800"]
)
places = st.integers(min_value=0, max_value=4)


def planted(row: dict[str, Any], secret: object, place: int) -> dict[str, Any]:
    """The row with the secret's column at a place among the others."""
    items = [*row.items()]
    return dict([*items[:place], (COLUMN, secret), *items[place:]])


def an_image(row: dict[str, Any], *, whole: bool) -> tuple[str, dict[str, Any]]:
    """An image and its notes, escaped as the decoder does where `jsonb` would refuse it."""
    text = json.dumps(row)
    stored, escaped = (escape_whole(text), None) if whole else escape_image(text)
    if escaped is None:
        return stored, {WHOLE_IMAGE: ESCAPED_IMAGE}
    return stored, dict.fromkeys(escaped, "escaped")


@st.composite
def records(draw: st.DrawFn) -> AuditRecord:
    """A record with the secret in both images, the key, headers and the source block."""
    secret = draw(secrets)
    row = planted(draw(rows), secret, draw(places))
    old, old_notes = an_image(planted(draw(rows), secret, draw(places)), whole=draw(st.booleans()))
    new, new_notes = an_image(row, whole=draw(st.booleans()))
    key = json.dumps(planted({"id": 1}, secret, draw(places)))
    block = json.dumps({"query": secret, "envelope": {COLUMN: secret, "patch": secret}})
    bare = draw(st.booleans())
    return a_customer(
        old_data=old,
        new_data=new,
        value_notes=combined_notes(old_notes, new_notes, both=True),
        changed_columns=(COLUMN,),
        record_key=json.dumps(PLANTED) if bare and secret == PLANTED else key,
        headers=json.dumps(
            [
                ["__debezium.oldkey", key],
                ["__debezium.newkey", json.dumps({"schema": None, "payload": json.loads(key)})],
                [COLUMN, PLANTED],
                ["__source_query", PLANTED],
            ]
        ),
        source_metadata=escape_whole(block) if draw(st.booleans()) else block,
    )


def holds_secret(record: AuditRecord) -> bool:
    return PLANTED.encode() in canonical_bytes(record)


@given(record=records(), action=st.sampled_from(RuleAction))
def test_no_redacted_value_is_left_in_any_field(record: AuditRecord, action: RuleAction) -> None:
    rule = ColumnRule(column="secret", table="public.customers", action=action)

    result = redacted(record, rule)

    assert holds_secret(record)
    assert not holds_secret(result)


@given(
    record=records(),
    action=st.sampled_from(RuleAction).filter(lambda action: action is not RuleAction.HASH),
)
def test_redacting_twice_is_redacting_once(record: AuditRecord, action: RuleAction) -> None:
    rule = ColumnRule(column="secret", action=action)

    once = redacted(record, rule)

    assert redacted(once, rule) == once

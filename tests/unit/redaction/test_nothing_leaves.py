"""A secret that is planted in records of every kind is in nothing that leaves the worker."""

import json
import pickle
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.cryptography.keys import KEY_BYTES, EncryptionKey
from adapters.cryptography.quarantine_encryption import AesGcmQuarantineProtection
from adapters.debezium.decoder import DebeziumDecoder
from adapters.memory.row_encoder import MemoryRowEncoder
from application.transform_records import transform_records
from domain.consumed import PartitionSlice, RawRecord
from domain.control import ControlKind
from domain.errors import TransformationError
from domain.hash_key import HashKey
from domain.protected_topics import ProtectedTopics
from domain.redaction import ColumnRule, RuleAction
from domain.stream import StreamPartition
from domain.transformed import TransformedBatch
from entrypoints.message_transformer import MessageTransformer
from tests.unit.debezium.records import a_consumed, a_source, an_envelope

PLANTED = "gEhEiMnIs7"
HASH_KEY = HashKey("2026", b"a key of tests, and of nothing else")
PROTECTION = AesGcmQuarantineProtection(
    [EncryptionKey("q1", bytes(range(KEY_BYTES)))], ProtectedTopics()
)

FORMS = (
    PLANTED.encode(),
    PLANTED.encode().hex().encode(),
    b64encode(PLANTED.encode()).rstrip(b"="),
    PLANTED.encode("utf-16-le"),
)


def a_rule(action: RuleAction) -> ColumnRule:
    return ColumnRule(column="email", table="public.customers", action=action)


def transformed(
    action: RuleAction, record: RawRecord, *, rule: ColumnRule | None = None
) -> TransformedBatch:
    decoder = DebeziumDecoder(rules=[rule or a_rule(action)], hash_key=HASH_KEY)
    batch = transform_records(
        decoder, MemoryRowEncoder(), [sliced([record])], protection=PROTECTION
    )
    advance = batch.advances[0]
    assert advance.tally.total == advance.next_offset - advance.expected
    return batch


def sliced(records: Sequence[RawRecord]) -> PartitionSlice:
    placed = [
        RawRecord(r.topic, 0, offset, r.timestamp, r.key, r.value, r.headers)
        for offset, r in enumerate(records)
    ]
    partition = StreamPartition(1, 0, records[0].topic)
    return PartitionSlice(partition, 0, len(placed), placed)


def leaks(batch: TransformedBatch) -> list[bytes]:
    """The forms of the secret that are in anything of the batch."""
    everything = pickle.dumps(batch) + repr(batch).encode()
    return [form for form in FORMS if form in everything]


ROW = {"id": 1, "email": PLANTED}
MESSAGE = {"prefix": "p", "content": b64encode(f"mail {PLANTED}".encode()).decode()}
OUTBOX = "outbox.event.customer"
DEAD = (("__connect.errors.exception.message", f"bad {PLANTED}".encode()),)

KEPT = {
    "a change": a_consumed(an_envelope("u", before=ROW, after=ROW), key=ROW),
    "a bare key": a_consumed(an_envelope("u", before=ROW, after=ROW), key=PLANTED.encode()),
    "a statement": a_consumed(an_envelope(after=ROW, source=a_source(query=f"SET '{PLANTED}'"))),
    "headers": a_consumed(
        an_envelope(after=ROW),
        headers=(("__debezium.oldkey", json.dumps(ROW).encode()), ("email", PLANTED.encode())),
    ),
    "an outbox record": a_consumed({"who": {"email": PLANTED}}, topic=OUTBOX),
    "an outbox text": a_consumed(json.dumps(PLANTED).encode(), topic=OUTBOX),
    "a logical message": a_consumed(an_envelope("m", message=MESSAGE, after=None)),
    "a signal": a_consumed({"type": "log", "data": json.dumps({"filter": PLANTED})}),
    "a dead letter": a_consumed(f"broken {PLANTED}".encode(), headers=DEAD),
    "a binary dead letter": a_consumed(b"\xff" + PLANTED.encode(), headers=DEAD),
}

POISON = {
    "no JSON": a_consumed(f"{PLANTED} is no JSON".encode(), key=PLANTED.encode()),
    "a scalar": a_consumed(json.dumps(PLANTED).encode()),
    "a row that is none": a_consumed(an_envelope(after=PLANTED)),
    "bytes": a_consumed(b"\x00" + PLANTED.encode()),
    "a key in bytes": a_consumed(an_envelope(after=ROW), key=b"\xff" + PLANTED.encode()),
    "a header": a_consumed(b"{", headers=(("h", PLANTED.encode()),)),
    "UTF-16": a_consumed(PLANTED.encode("utf-16")),
}


@pytest.mark.parametrize("action", RuleAction)
@pytest.mark.parametrize("name", KEPT)
def test_a_record_that_is_kept_leaks_nothing(name: str, action: RuleAction) -> None:
    batch = transformed(action, KEPT[name])

    assert leaks(batch) == []
    assert batch.quarantined == ()
    assert batch.row_count + len(batch.control) == 1


@pytest.mark.parametrize("name", POISON)
def test_a_record_that_is_quarantined_leaks_nothing_and_can_be_revealed(name: str) -> None:
    batch = transformed(RuleAction.MASK, POISON[name])

    assert leaks(batch) == []
    (quarantined,) = batch.quarantined
    revealed = PROTECTION.reveal(quarantined)
    assert (revealed.key, revealed.value) == (POISON[name].key, POISON[name].value)
    assert revealed.headers == tuple(POISON[name].headers)


def test_the_reason_and_the_column_are_told_without_the_value() -> None:
    schema = {
        "type": "struct",
        "fields": [
            {
                "type": "struct",
                "field": "after",
                "fields": [{"type": "int32", "name": "io.debezium.time.Date", "field": "email"}],
            }
        ],
    }
    record = a_consumed({"schema": schema, "payload": an_envelope(after={"email": PLANTED})})

    (quarantined,) = transformed(RuleAction.MASK, record).quarantined

    assert quarantined.error_message.startswith("bad_value:email. No more is told")


def test_a_defect_of_ours_is_told_without_what_it_says() -> None:
    class DefectiveDecoder(DebeziumDecoder):
        def decode(self, record: Any, stream_id: int) -> Any:  # noqa: ANN401, ARG002 - the port's
            raise LookupError(PLANTED)

    batch = transform_records(
        DefectiveDecoder(), MemoryRowEncoder(), [sliced([a_consumed({})])], protection=PROTECTION
    )

    assert leaks(batch) == []
    assert batch.quarantined[0].error_message.startswith("decoding failed (LookupError).")


def test_a_record_that_is_too_large_tells_its_sizes_and_nothing_else() -> None:
    record = a_consumed(PLANTED.encode() * 100, headers=(("h", PLANTED.encode()),))

    batch = transform_records(
        DebeziumDecoder(),
        MemoryRowEncoder(),
        [sliced([record])],
        protection=PROTECTION,
        max_record_bytes=10,
    )

    assert leaks(batch) == []
    assert batch.quarantined[0].sizes == (None, 1000)
    assert "max_record_bytes" in batch.quarantined[0].error_message


@pytest.mark.parametrize("name", ["no JSON", "a scalar", "a row that is none", "bytes", "UTF-16"])
def test_the_documented_transformer_s_errors_quote_nothing_where_there_are_rules(name: str) -> None:
    transformer = MessageTransformer(sanitize_data=True)
    record = POISON[name]

    with pytest.raises(TransformationError) as refused:
        transformer.transform_message(record.value, record.topic, 0, 0)

    chain = (refused.value, refused.value.__cause__, refused.value.__context__)
    assert PLANTED not in "".join(map(repr, chain))


def test_columns_that_are_dropped_are_known_to_have_been_met() -> None:
    batch = transformed(RuleAction.DROP, KEPT["a change"])

    ((_, columns),) = batch.sources.items()
    assert columns == {"id", "email"}


def test_a_message_that_only_counts_is_left_alone() -> None:
    batch = transformed(RuleAction.MASK, a_consumed(None, key={"id": 1}))

    assert batch.control_kinds == {(batch.advances[0].partition.topic, ControlKind.TOMBSTONE): 1}


@given(
    record=st.sampled_from([*KEPT.values(), *POISON.values()]),
    data=st.data(),
    action=st.sampled_from(RuleAction),
)
def test_however_a_record_is_damaged_rules_on_everything_leave_nothing(
    record: RawRecord, data: st.DataObject, action: RuleAction
) -> None:
    value = record.value or b""
    place = data.draw(st.integers(0, len(value)))
    rest = place + data.draw(st.integers(0, 3))
    damaged = msgspec.structs.replace(
        record, value=value[:place] + data.draw(st.binary(max_size=2)) + value[rest:]
    )

    assert leaks(transformed(action, damaged, rule=ColumnRule(column="*", action=action))) == []

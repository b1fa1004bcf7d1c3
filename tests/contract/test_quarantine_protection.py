"""The contract of `QuarantineProtection`: each sentence of its docstrings, on the fake and AES."""

import pickle
from collections.abc import Callable, Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.cryptography.keys import KEY_BYTES, EncryptionKey
from adapters.cryptography.quarantine_encryption import AesGcmQuarantineProtection
from adapters.memory.quarantine_protection import MemoryQuarantineProtection
from application.quarantine_protection import QuarantineProtection, WithheldBytes
from domain.errors import DecryptionError
from domain.protected_topics import ProtectedTopics
from domain.quarantine import QuarantinedRecord
from domain.redaction import ColumnRule
from tests.builders import a_quarantined_record

PLANTED = b"gEhEiMnIs7"
TOPICS = ProtectedTopics((ColumnRule(column="email", table="customers"),))

Make = Callable[[Sequence[str]], QuarantineProtection]


def in_memory(key_ids: Sequence[str]) -> QuarantineProtection:
    """Make the fake."""
    return MemoryQuarantineProtection(key_ids, TOPICS)


def with_aes(key_ids: Sequence[str]) -> QuarantineProtection:
    """Make the real one; the name of a key gives its bytes."""
    keys = [EncryptionKey(key_id, key_id.ljust(KEY_BYTES).encode()) for key_id in key_ids]
    return AesGcmQuarantineProtection(keys, TOPICS)


@pytest.fixture(params=[in_memory, with_aes])
def make(request: pytest.FixtureRequest) -> Make:
    made: Make = request.param
    return made


def a_secret_record(**fields: object) -> QuarantinedRecord:
    values = {
        "key": PLANTED,
        "value": b"value " + PLANTED,
        "headers": (("h", PLANTED), ("h", None)),
    }
    return a_quarantined_record(7, **{**values, **fields})


def bytes_of(record: QuarantinedRecord) -> bytes:
    """All that is stored of the record's bytes."""
    headers = b"".join(name.encode() + (value or b"") for name, value in record.headers)
    return (record.key or b"") + (record.value or b"") + headers


def test_it_concerns_the_protected_topics(make: Make) -> None:
    protection = make(["new"])

    concerned = [protection.concerns(t) for t in ("s.public.customers", "s.public.orders")]

    assert concerned == [True, False]


def test_nothing_of_the_bytes_is_left_and_the_key_is_named(make: Make) -> None:
    record = make(["new", "old"]).protect(a_secret_record())

    assert PLANTED not in bytes_of(record)
    assert record.encryption_key_id == "new"
    assert record.sizes == (len(PLANTED), len(PLANTED) + 6)
    assert record.error_message == a_secret_record().error_message


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"key": None},
        {"value": None},
        {"key": b"", "value": b""},
        {"headers": ()},
        {"headers": (("\udcff", b"\x00"), ("", None))},
        {"key": None, "value": None, "key_size": 5, "value_size": 10**9},
    ],
)
def test_what_is_revealed_is_what_came(make: Make, fields: dict[str, object]) -> None:
    record = a_secret_record(**fields)
    protection = make(["new"])

    assert protection.reveal(protection.protect(record)) == record


def test_a_record_that_is_not_encrypted_comes_back_as_it_is(make: Make) -> None:
    record = a_secret_record()

    assert make(["new"]).reveal(record) is record


def test_old_keys_still_reveal(make: Make) -> None:
    record = make(["old"]).protect(a_secret_record())

    assert make(["new", "old"]).reveal(record) == a_secret_record()


def test_a_key_that_is_not_given_is_named(make: Make) -> None:
    record = make(["lost"]).protect(a_secret_record())

    with pytest.raises(DecryptionError, match=r"1-0-7 .*'lost'") as refused:
        make(["new", "old"]).reveal(record)

    assert refused.value.key_id == "lost"


@pytest.mark.parametrize("change", [{"stream_id": 2}, {"kafka_partition": 1}, {"kafka_offset": 8}])
def test_bytes_that_were_moved_to_another_record_do_not_open(
    make: Make, change: dict[str, int]
) -> None:
    protection = make(["new"])
    moved = msgspec.structs.replace(protection.protect(a_secret_record()), **change)

    with pytest.raises(DecryptionError, match="'new'"):
        protection.reveal(moved)


def test_bytes_that_were_moved_to_another_field_do_not_open(make: Make) -> None:
    protection = make(["new"])
    record = protection.protect(a_secret_record())

    with pytest.raises(DecryptionError, match="its key"):
        protection.reveal(msgspec.structs.replace(record, key=record.value, value=record.key))


@pytest.mark.parametrize("field", ["key", "value", "headers"])
@pytest.mark.parametrize("place", [0, 1, 20, -1])
def test_bytes_that_were_changed_do_not_open(make: Make, field: str, place: int) -> None:
    protection = make(["new"])
    record = protection.protect(a_secret_record())
    data = bytearray(bytes_of(msgspec.structs.replace(record, **only(field))))
    data[place] ^= 1
    changed: object = (("", bytes(data)),) if field == "headers" else bytes(data)

    with pytest.raises(DecryptionError, match=f"its {field}"):
        protection.reveal(msgspec.structs.replace(record, **{field: changed}))


def only(field: str) -> dict[str, object]:
    empty: dict[str, object] = {"key": None, "value": None, "headers": ()}
    del empty[field]
    return empty


def test_it_goes_to_workers_by_pickle(make: Make) -> None:
    shipped: QuarantineProtection = pickle.loads(pickle.dumps(make(["new"])))  # noqa: S301 - ours

    record = shipped.protect(a_secret_record())

    assert make(["new"]).reveal(record) == a_secret_record()


@given(key=st.none() | st.binary(), value=st.binary(max_size=99), name=st.text())
def test_any_bytes_come_back(key: bytes | None, value: bytes, name: str) -> None:
    record = a_secret_record(key=key, value=value, headers=((name, value), (name, key)))

    for made in (in_memory(["new"]), with_aes(["new"])):
        assert made.reveal(made.protect(record)) == record


# what is true of the real one alone


def test_another_key_of_the_same_name_does_not_open() -> None:
    record = with_aes(["k"]).protect(a_secret_record())
    other = AesGcmQuarantineProtection([EncryptionKey("k", bytes(KEY_BYTES))], TOPICS)

    with pytest.raises(DecryptionError, match="it is another key"):
        other.reveal(record)


def test_equal_records_are_never_encrypted_to_equal_bytes() -> None:
    protection = with_aes(["k"])

    first, second = (protection.protect(a_secret_record()) for _ in range(2))

    assert first.value != second.value


@pytest.mark.parametrize("cut", [b"", b"\x01", b"\x01" + bytes(12), b"\x01" + bytes(8)])
def test_bytes_that_were_cut_do_not_open(cut: bytes) -> None:
    protection = with_aes(["k"])
    record = msgspec.structs.replace(protection.protect(a_secret_record()), value=cut)

    with pytest.raises(DecryptionError):
        protection.reveal(record)


def test_a_key_does_not_show() -> None:
    shown = repr(EncryptionKey("k", PLANTED))

    assert "'k'" in shown
    assert PLANTED.decode() not in shown


# withholding


def test_withheld_bytes_leave_sizes_and_where_to_read_them_again() -> None:
    protection = WithheldBytes(TOPICS)

    record = protection.protect(a_secret_record(topic="s.public.customers"))

    assert (bytes_of(record), record.encryption_key_id) == (b"", None)
    assert record.sizes == (len(PLANTED), len(PLANTED) + 6)
    assert "read it again from Kafka, topic s.public.customers, partition 0, offset 7" in (
        record.error_message
    )
    assert protection.reveal(record) is record

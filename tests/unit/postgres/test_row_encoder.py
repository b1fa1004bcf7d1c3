"""The row encoder: one line for each record, whatever is in it, and the same on every worker."""

import pickle

from hypothesis import given
from hypothesis import strategies as st

from adapters.postgres.copy_binary import fields_of, number_of, split_lines
from adapters.postgres.row_encoder import COLUMNS, PostgresRowEncoder
from tests.builders import a_record

Y2000 = 946_684_800_000_000

any_text = st.text(st.characters(codec=None))
maybe_text = st.none() | any_text


@given(
    key=maybe_text,
    image=maybe_text,
    table=maybe_text,
    user=maybe_text,
    columns=st.none() | st.lists(any_text).map(tuple),
    captured_at=st.none() | st.integers(-(2**63), 2**63 - 1),
)
def test_a_record_is_one_line_of_all_columns(  # noqa: PLR0913, PLR0917 - one for each kind of column
    key: str | None,
    image: str | None,
    table: str | None,
    user: str | None,
    columns: tuple[str, ...] | None,
    captured_at: int | None,
) -> None:
    record = a_record(
        record_key=key,
        old_data=image,
        source_table=table,
        change_user=user,
        changed_columns=columns,
        captured_at=captured_at,
    )

    line = PostgresRowEncoder(1).encode(record)

    fields = dict(zip(COLUMNS, fields_of(line), strict=True))
    texts = {"record_key": key, "old_data": image, "source_table": table, "change_user": user}
    time = fields["captured_at"]
    assert split_lines(line) == [line]
    assert {name: fields[name] for name in texts} == {
        name: None if text is None else text.encode("utf-8", "surrogatepass")
        for name, text in texts.items()
    }
    assert (None if time is None else number_of(time) + Y2000) == captured_at
    assert (fields["changed_columns"] is None) is (columns is None)


def test_an_encoder_that_has_seen_other_records_encodes_as_a_new_one() -> None:
    used = PostgresRowEncoder(1)
    records = [
        a_record(o, change_timestamp=t, changed_columns=c, source_table=n, captured_at=-t)
        for o, (t, c, n) in enumerate(
            [(5_000_000, None, "a"), (5_000_001, ("x",), None), (5_999_999, (), "\\")] * 2
        )
    ]

    lines = [used.encode(record) for record in records]

    assert lines == [PostgresRowEncoder(1).encode(record) for record in records]


def test_more_values_than_are_remembered_are_encoded_all_the_same() -> None:
    encoder = PostgresRowEncoder(1)
    records = [
        a_record(
            o, change_timestamp=o * 1_000_000, source_table=f"t{o}", changed_columns=(f"c{o}",)
        )
        for o in range(5_000)
    ]

    lines = [encoder.encode(record) for record in records]

    assert lines[::1000] == [PostgresRowEncoder(1).encode(r) for r in records[::1000]]


def test_a_pickled_encoder_encodes_the_same() -> None:
    encoder = PostgresRowEncoder(1)
    encoder.encode(a_record())

    copy = pickle.loads(pickle.dumps(encoder))  # noqa: S301 - our own bytes

    assert copy.version == 1
    assert copy.encode(a_record()) == encoder.encode(a_record())

"""Every record gets exactly one disposition, and every offset of a slice is accounted for."""

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_raw_record
from tests.unit.application.words import a_slice, a_slice_of, transformed

WORDS = st.sampled_from(
    [b"row", b"snapshot", b"skip", b"bad", b"defect", b"heartbeat", b"transaction_begin", None]
)


@given(
    offsets=st.sets(st.integers(0, 40), max_size=30),
    words=st.lists(WORDS, min_size=30, max_size=30),
    before=st.integers(0, 5),
    after=st.integers(0, 5),
    compacted=st.booleans(),
)
def test_every_offset_is_accounted_for_exactly_once(
    offsets: set[int], words: list[bytes | None], before: int, after: int, *, compacted: bool
) -> None:
    placed = [offset + before for offset in sorted(offsets)]
    records = [a_raw_record(o, value=word) for o, word in zip(placed, words, strict=False)]
    end = (placed[-1] + 1 if placed else before) + after

    batch = transformed(a_slice_of(records, expected=0, next_offset=end, compacted=compacted))

    (advance,) = batch.advances
    tally = advance.tally
    assert tally.total == end
    assert tally.absent == end - len(records)
    assert batch.row_count == tally.audited + tally.baseline
    assert len(batch.quarantined) == tally.quarantined
    assert sum(batch.operations.values()) == batch.row_count
    assert sum(batch.control_kinds.values()) == tally.control
    missing = [o for gap in advance.gaps for o in range(gap.first_offset, gap.next_offset)]
    assert missing == ([o for o in range(end) if o not in placed] if compacted else [])


@given(
    words=st.lists(WORDS, min_size=2, max_size=20), cut=st.integers(1, 19), size=st.integers(0, 9)
)
def test_a_batch_in_two_parts_gives_the_same_rows_and_counts(
    words: list[bytes | None], cut: int, size: int
) -> None:
    cut = min(cut, len(words) - 1)
    first, second = words[:cut], words[cut:]

    whole = transformed(a_slice(*words), max_record_bytes=size + 8)
    parts = [
        transformed(a_slice(*first), max_record_bytes=size + 8),
        transformed(a_slice(*second, expected=cut), max_record_bytes=size + 8),
    ]

    assert whole.rows == parts[0].rows + parts[1].rows
    assert whole.quarantined == (*parts[0].quarantined, *parts[1].quarantined)
    assert whole.advances[0].tally == parts[0].advances[0].tally + parts[1].advances[0].tally

"""What recounting a partition finds: each way in which rows and counters may not fit."""

from collections.abc import Iterable, Sequence

import pytest

from application.verify_accounting import MOST_RANGES, Recount
from domain.account import Account, Difference, Trace
from domain.disposition import Disposition, Tally
from domain.gap import GapCause, LedgerGap
from domain.stream import StreamPartition

A, B, C, Q = (
    Disposition.AUDITED,
    Disposition.BASELINE,
    Disposition.CONTROL,
    Disposition.QUARANTINED,
)


def an_account(first: int, following: int, **counts: int) -> Account:
    return Account(
        partition=StreamPartition(4, 2, "orders"),
        cluster_id="cluster",
        topic_id=None,
        first_offset=first,
        next_offset=following,
        tally=Tally(**counts),
    )


def a_gap(first: int, following: int, cause: GapCause = GapCause.EXPIRED) -> LedgerGap:
    return LedgerGap(
        id=1,
        kind="offsets",
        topic="orders",
        incarnation=1,
        stream_id=4,
        partition=2,
        first_offset=first,
        next_offset=following,
        cause=cause.value,
        evidence="seen",
        first_seen=0,
    )


def recounted(
    account: Account,
    rows: Iterable[tuple[int, Disposition]],
    gaps: Sequence[LedgerGap] = (),
) -> Sequence[Difference]:
    recount = Recount(account, gaps)
    for offset, disposition in rows:
        recount.add(Trace(offset, disposition))
    return recount.differences()


def test_what_fits_has_no_differences() -> None:
    account = an_account(
        10, 20, audited=2, baseline=1, control=2, skipped=1, quarantined=1, absent=3
    )
    rows = [(10, B), (11, A), (12, A), (13, C), (15, Q)]

    assert recounted(account, rows, [a_gap(16, 19)]) == []


def test_a_row_that_is_missing_is_named_by_its_offset() -> None:
    found = recounted(an_account(0, 4, audited=4), [(0, A), (1, A), (3, A)])

    where = "topic orders, stream 4, partition 2"
    counted, traceless = (difference.text for difference in found)
    assert counted == f"{where}: 4 audited were counted, and 3 rows are there (offsets 2)"
    assert traceless == (
        f"{where}: 1 offsets have no row, and 0 may have none: 0 absent, 0 skipped, 0 control "
        f"messages that are only counted (offsets 2)"
    )


def test_rows_that_are_missing_at_the_end_are_named() -> None:
    found = recounted(an_account(0, 5, audited=5), [(0, A)])

    assert found[0].offsets == ((1, 5),)
    assert found[0].text.endswith("(offsets 1 to 4)")


@pytest.mark.parametrize("disposition", [A, B, Q])
def test_a_row_of_another_kind_than_counted_is_found(disposition: Disposition) -> None:
    counted = {A: "baseline", B: "quarantined", Q: "audited"}[disposition]

    found = recounted(an_account(0, 1, **{counted: 1}), [(0, disposition)])

    texts = " ".join(difference.what for difference in found)
    assert f"1 {counted} were counted, and 0 rows are there" in texts
    assert f"0 {disposition.value} were counted, and 1 rows are there" in texts


def test_an_offset_with_two_rows_is_named() -> None:
    found = recounted(an_account(0, 2, audited=2), [(0, A), (1, A), (1, C)])

    assert found[0].what == "0 control messages were counted, and 1 rows are there"
    assert found[1].what == "1 offsets have more than one row"
    assert found[1].offsets == ((1, 2),)


@pytest.mark.parametrize("offset", [4, 7])
def test_a_row_outside_the_offsets_is_named(offset: int) -> None:
    rows = sorted([(5, A), (6, A), (offset, A)])

    found = recounted(an_account(5, 7, audited=2), rows)

    assert [difference.what for difference in found] == [
        "1 rows are outside the offsets that the trail answers for"
    ]
    assert found[0].offsets == ((offset, offset + 1),)


def test_more_control_messages_than_counted_are_found_and_fewer_are_heartbeats() -> None:
    more = recounted(an_account(0, 2, control=1, audited=1), [(0, C), (1, C)])
    fewer = recounted(an_account(0, 2, control=2), [(0, C)])

    assert "1 control messages were counted, and 2 rows are there" in [d.what for d in more]
    assert fewer == []


def test_counters_that_do_not_add_up_are_found() -> None:
    found = recounted(an_account(0, 3, audited=2), [(0, A), (1, A)])

    assert found[0].what == "3 offsets lie behind the trail, and its counters tell of 2"


def test_gaps_that_span_more_than_was_counted_absent_are_found() -> None:
    account = an_account(0, 4, audited=3, absent=1)

    found = recounted(account, [(0, A), (1, A), (2, A)], [a_gap(0, 2), a_gap(1, 3)])

    assert [d.what for d in found] == ["its gaps span 3 offsets, and 1 were counted absent"]


def test_a_gap_beyond_the_offsets_counts_only_as_far_as_they_go() -> None:
    account = an_account(0, 4, audited=3, absent=1)

    assert recounted(account, [(0, A), (1, A), (2, A)], [a_gap(3, 9), a_gap(4, 4)]) == []


def test_no_more_than_the_first_ranges_are_named() -> None:
    rows = [(offset, A) for offset in range(0, 100, 2)]

    found = recounted(an_account(0, 100, audited=100), rows)

    assert len(found[0].offsets) == MOST_RANGES
    assert "50 offsets have no row" in found[1].what

"""Quarantine and accounting, held against what they must be."""

import io

import msgspec
from rich.console import Console

from entrypoints.demo import malformed
from entrypoints.demo.accounts import PartitionAccount, Quarantined
from entrypoints.demo.check import CheckReport, Count, judge_accounting, judge_quarantine
from entrypoints.demo.check_report import print_report, report_as_json
from entrypoints.demo.comparison import Difference, Fault
from entrypoints.demo.malformed import SentRecord

SENT = SentRecord("shop.public.orders", 0, 7)
KEPT = Quarantined(
    topic="shop.public.orders",
    partition=0,
    offset=7,
    raw_key=malformed.KEY,
    raw_value=malformed.VALUE,
    error_message="it is cut off",
)
ACCOUNT = PartitionAccount(
    topic="shop.public.orders",
    partition=0,
    first_offset=0,
    next_offset=10,
    audited=6,
    baseline=1,
    control=2,
    skipped=0,
    quarantined=1,
    absent=0,
)
REPORT = CheckReport(
    counts=[Count(table="orders", operation="UPDATE", made=3, told=3, wrong=0)],
    differences=[],
    accounting=[ACCOUNT],
    problems=[],
    quarantined="it is cut off",
    seconds=9.25,
)


def test_the_malformed_record_in_quarantine_with_its_bytes_is_right() -> None:
    assert judge_quarantine([KEPT], SENT) == ("it is cut off", [])


def test_a_quarantine_without_the_malformed_record_is_wrong() -> None:
    message, problems = judge_quarantine([], SENT)

    assert message is None
    assert problems == ["the malformed record, shop.public.orders offset 7, is not in quarantine"]


def test_a_malformed_record_that_was_never_sent_is_wrong() -> None:
    assert judge_quarantine([], None) == (None, ["the malformed record was never sent"])


def test_a_malformed_record_with_other_bytes_is_wrong() -> None:
    changed = msgspec.structs.replace(KEPT, raw_value=b"{}")

    _, problems = judge_quarantine([changed], SENT)

    assert problems == ["the malformed record is in quarantine with other bytes than it had"]


def test_anything_else_in_quarantine_is_wrong() -> None:
    good_record = msgspec.structs.replace(KEPT, offset=8)

    _, problems = judge_quarantine([KEPT, good_record], SENT)

    assert len(problems) == 1
    assert "offset 8" in problems[0]


def test_an_account_of_the_whole_log_is_right() -> None:
    assert judge_accounting([ACCOUNT], {"shop.public.orders": 10}) == []


def test_a_log_that_was_not_read_to_its_end_is_wrong() -> None:
    assert len(judge_accounting([ACCOUNT], {"shop.public.orders": 11})) == 1


def test_a_log_that_was_not_read_from_its_beginning_is_wrong() -> None:
    late = msgspec.structs.replace(ACCOUNT, first_offset=1, audited=5)

    assert len(judge_accounting([late], {"shop.public.orders": 10})) == 1


def test_a_topic_without_an_account_is_wrong() -> None:
    assert judge_accounting([], {"shop.public.orders": 10}) == [
        "shop.public.orders is not in the accounting"
    ]


def test_an_offset_that_nobody_accounts_for_is_wrong() -> None:
    lost = msgspec.structs.replace(ACCOUNT, audited=5)

    assert judge_accounting([lost], {"shop.public.orders": 10}) == [
        "shop.public.orders: 1 offsets are unaccounted for"
    ]


def test_a_report_says_that_all_is_right() -> None:
    console = Console(width=200, record=True, file=io.StringIO())

    print_report(REPORT, console)

    text = console.export_text()
    assert "All 3 changes of the source are in the trail, each once and right (9.2 s)." in text
    assert "it is cut off" in text


def test_a_report_names_each_difference_and_counts_them() -> None:
    missing = Difference(Fault.MISSING, "orders", "UPDATE", "key (7), transaction 700, history 3")
    wrong = msgspec.structs.replace(REPORT, differences=[missing] * 25, problems=["no quarantine"])
    console = Console(width=200, record=True, file=io.StringIO())

    print_report(wrong, console)

    text = console.export_text()
    assert not wrong.ok
    assert text.count("missing: orders UPDATE, key (7)") == 20
    assert "... and 5 differences more" in text
    assert "26 things are wrong, in 3 changes of the source" in text


def test_a_report_for_programs_carries_the_verdict() -> None:
    whole = msgspec.json.decode(report_as_json(REPORT))

    assert whole["ok"] is True
    assert whole["accounting"][0]["audited"] == 6
    assert whole["counts"][0]["operation"] == "UPDATE"

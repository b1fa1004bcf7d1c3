"""A bad record is poison; a topic in which everything fails is trouble."""

from application.failure_window import FailureWindow, Outcome, outcomes
from domain.disposition import Tally
from domain.stream import StreamPartition
from domain.transformed import Advance, TransformedBatch
from tests.builders import a_quarantined_record

TOPIC = "orders"
BAD = Outcome(failed=1, error="ValidationError")


def a_window() -> FailureWindow:
    return FailureWindow(min_records=10, share=0.5, silence=30.0, span=300.0)


def observe(window: FailureWindow, outcome: Outcome, *, times: int, now: float) -> None:
    for _ in range(times):
        window.observe(TOPIC, outcome, now=now)


def test_a_bad_record_among_good_ones_is_poison() -> None:
    window = a_window()
    observe(window, Outcome(succeeded=10), times=5, now=0.0)
    observe(window, BAD, times=1, now=1.0)

    assert window.judge(TOPIC, BAD, now=100.0) is None


def test_a_topic_in_which_all_fails_for_long_is_held_and_says_why() -> None:
    window = a_window()
    observe(window, BAD, times=9, now=0.0)

    reason = window.judge(TOPIC, BAD, now=30.0)

    assert reason == (
        "topic orders is held: 10 of its last 10 records could not be audited, and none could for "
        "30 s (last error: ValidationError). Mend the cause, or order that they are quarantined: "
        "`cdc-audit quarantine --all-of orders`."
    )
    assert window.held == {TOPIC: reason}


def test_few_records_are_no_trouble() -> None:
    window = a_window()
    observe(window, BAD, times=8, now=0.0)

    assert window.judge(TOPIC, BAD, now=1000.0) is None


def test_failures_in_a_short_time_are_no_trouble() -> None:
    window = a_window()
    observe(window, BAD, times=500, now=0.0)

    assert window.judge(TOPIC, BAD, now=29.9) is None


def test_half_of_the_records_is_not_more_than_half() -> None:
    window = a_window()
    observe(window, Outcome(succeeded=1), times=50, now=0.0)
    observe(window, BAD, times=49, now=1.0)

    assert window.judge(TOPIC, BAD, now=100.0) is None
    assert window.judge(TOPIC, Outcome(failed=2), now=100.0) is not None


def test_a_quiet_night_before_a_burst_of_failures_does_not_count() -> None:
    window = a_window()
    observe(window, Outcome(succeeded=1), times=1, now=0.0)
    observe(window, BAD, times=20, now=80_000.0)

    assert window.judge(TOPIC, BAD, now=80_001.0) is None


def test_a_success_in_between_begins_the_silence_anew() -> None:
    window = a_window()
    observe(window, BAD, times=50, now=0.0)
    observe(window, Outcome(succeeded=1), times=1, now=20.0)
    observe(window, BAD, times=1, now=21.0)

    assert window.judge(TOPIC, BAD, now=50.0) is None
    assert window.judge(TOPIC, BAD, now=51.0) is not None


def test_a_batch_with_a_success_is_never_held() -> None:
    window = a_window()
    observe(window, BAD, times=50, now=0.0)

    assert window.judge(TOPIC, Outcome(succeeded=1, failed=99), now=100.0) is None


def test_a_success_ends_the_holding() -> None:
    window = a_window()
    observe(window, BAD, times=50, now=0.0)
    window.judge(TOPIC, BAD, now=100.0)

    window.judge(TOPIC, Outcome(succeeded=1), now=101.0)

    assert window.held == {}


def test_what_is_held_stays_held() -> None:
    window = a_window()
    observe(window, BAD, times=50, now=0.0)
    first = window.judge(TOPIC, BAD, now=100.0)

    assert window.judge(TOPIC, BAD, now=10_000.0) == first


def test_control_messages_say_nothing() -> None:
    window = a_window()
    observe(window, BAD, times=50, now=0.0)

    assert window.judge(TOPIC, Outcome(), now=100.0) is None
    assert window.held == {}


def test_what_lies_long_ago_is_forgotten() -> None:
    window = a_window()
    observe(window, BAD, times=9, now=0.0)
    observe(window, BAD, times=8, now=200.0)

    assert window.judge(TOPIC, BAD, now=400.0) is None
    assert window.judge(TOPIC, Outcome(failed=2), now=400.0) is not None


def test_topics_are_judged_apart() -> None:
    window = a_window()
    observe(window, BAD, times=50, now=0.0)
    window.judge(TOPIC, BAD, now=100.0)

    assert window.judge("customers", BAD, now=100.0) is None
    assert list(window.held) == [TOPIC]


def test_an_operators_order_holds_whatever_succeeds_until_it_ends() -> None:
    window = a_window()
    observe(window, BAD, times=50, now=0.0)
    window.judge(TOPIC, BAD, now=100.0)

    window.heed([TOPIC])
    held = dict(window.held)
    ordered = window.judge(TOPIC, BAD, now=200.0)
    window.judge(TOPIC, Outcome(succeeded=1), now=300.0)
    observe(window, BAD, times=50, now=301.0)
    still = window.judge(TOPIC, BAD, now=400.0)
    window.heed([])
    afterwards = window.judge(TOPIC, BAD, now=401.0)

    assert held == {}
    assert (ordered, still) == (None, None)
    assert afterwards is not None


def test_outcomes_sum_up_the_partitions_of_a_topic() -> None:
    def advance(topic: str, partition: int, tally: Tally) -> Advance:
        return Advance(StreamPartition(1, partition, topic), 0, tally.total, tally)

    batch = TransformedBatch(
        rows=b"",
        row_count=0,
        days=frozenset(),
        advances=[
            advance("orders", 0, Tally(audited=1, baseline=2, control=7)),
            advance("orders", 1, Tally(skipped=4, quarantined=5, absent=9)),
            advance("customers", 0, Tally(control=1)),
        ],
        quarantined=[
            a_quarantined_record(0, topic="orders", error_type="First"),
            a_quarantined_record(1, topic="orders", error_type="Second"),
        ],
    )

    assert outcomes(batch) == {
        "orders": Outcome(succeeded=7, failed=5, error="First"),
        "customers": Outcome(),
    }

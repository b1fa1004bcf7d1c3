"""The same message of a library passes once in a while, and says how many it stands for."""

import logging

from entrypoints.log_repeats import RepeatFilter


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Give the time that was set."""
        return self.now


def a_record(message: str, *args: object, name: str = "aiokafka.client") -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "", 0, message, args, None)


def test_the_same_message_passes_once_in_a_while_with_a_count() -> None:
    clock = Clock()
    repeats = RepeatFilter(["adapters"], every=30.0, clock=clock)

    passed = [repeats.filter(a_record("no answer from %s", node)) for node in range(5)]
    clock.now = 30.0
    later = a_record("no answer from %s", 9)
    passes_later = repeats.filter(later)

    assert passed == [True, False, False, False, False]
    assert passes_later
    assert vars(later)["held_back"] == 4


def test_the_count_begins_anew_after_it_was_told() -> None:
    clock = Clock()
    repeats = RepeatFilter([], every=30.0, clock=clock)
    for clock.now in (0.0, 1.0, 30.0):
        repeats.filter(a_record("no answer"))

    clock.now = 60.0
    last = a_record("no answer")
    repeats.filter(last)

    assert "held_back" not in vars(last)


def test_other_messages_and_other_loggers_pass_at_once() -> None:
    repeats = RepeatFilter([], clock=Clock())

    passed = [
        repeats.filter(a_record("no answer")),
        repeats.filter(a_record("no route")),
        repeats.filter(a_record("no answer", name="psycopg.pool")),
    ]

    assert passed == [True, True, True]


def test_our_own_messages_always_pass() -> None:
    repeats = RepeatFilter(["adapters"], clock=Clock())

    passed = [repeats.filter(a_record("same", name="adapters.kafka.member")) for _ in range(3)]

    assert passed == [True, True, True]

"""The log: one line or one object for each message, with its values, and nothing that misleads."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from entrypoints.logs import ROOMS, configure_logging

logger = logging.getLogger("application.test_logs")


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {room: logging.getLogger(room).level for room in ROOMS}
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)
    for room, old in levels.items():
        logging.getLogger(room).setLevel(old)


def log_to(style: str, *, level: str = "INFO", debug: bool = False) -> io.StringIO:
    stream = io.StringIO()
    configure_logging(level=level, style=style, debug=debug, stream=stream)
    return stream


def test_a_line_has_time_level_logger_message_and_values() -> None:
    stream = log_to("line")

    logger.info("batch committed", extra={"records": 512, "topic": "shop.public.orders"})

    time, rest = stream.getvalue().split(" ", 1)
    assert time.endswith("Z")
    assert rest == (
        "INFO application.test_logs batch committed records=512 topic=shop.public.orders\n"
    )


def test_a_value_with_spaces_or_line_ends_stays_one_quoted_value() -> None:
    stream = log_to("line")

    logger.warning("broker gone", extra={"error": 'no "route"\nlevel=INFO \x1b[2J'})

    assert stream.getvalue().count("\n") == 1
    assert r'error="no \"route\"\nlevel=INFO \u001b[2J"' in stream.getvalue()


@pytest.mark.parametrize("style", ["line", "json"])
def test_half_a_surrogate_pair_is_told_escaped(style: str) -> None:
    stream = log_to(style)

    logger.info("column", extra={"column": "a \ud800"})

    assert r"a \ud800" in stream.getvalue()


def test_json_gives_one_object_a_line_with_the_values_as_members() -> None:
    stream = log_to("json")

    logger.info("batch committed", extra={"records": 512, "days": frozenset({1})})

    told = json.loads(stream.getvalue())
    assert told["message"] == "batch committed"
    assert told["records"] == 512
    assert told["logger"] == "application.test_logs"


@pytest.mark.parametrize("style", ["line", "json", "terminal"])
def test_an_error_comes_with_its_traceback(style: str) -> None:
    stream = log_to(style)

    try:
        raise ValueError("unforeseen")  # noqa: TRY301 - logged right below
    except ValueError:
        logger.exception("pipeline failed", extra={"topic": "[red]orders"})

    assert "ValueError: unforeseen" in stream.getvalue()
    assert "[red]orders" in stream.getvalue()


def test_other_libraries_are_heard_from_warning_on() -> None:
    stream = log_to("line")

    logging.getLogger("aiokafka").info("chatter")
    logging.getLogger("aiokafka").warning("trouble")

    assert "chatter" not in stream.getvalue()
    assert "trouble" in stream.getvalue()


def test_a_flood_of_another_library_is_told_once() -> None:
    stream = log_to("line")

    for node in range(100):
        logging.getLogger("aiokafka").error("no answer from %s", node)

    assert stream.getvalue().count("no answer") == 1


def test_debugging_shows_everything_of_ours_and_more_of_others() -> None:
    stream = log_to("line", level="ERROR", debug=True)

    logger.debug("detail")
    logging.getLogger("aiokafka").info("chatter")

    assert "detail" in stream.getvalue()
    assert "chatter" in stream.getvalue()

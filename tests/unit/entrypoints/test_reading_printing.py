"""Answers for people: signs and colours on a terminal, plain text off one, and what is lacking."""

import io
from typing import Any

import pytest
from rich.console import Console

from application.trail_query import StoredRecord
from domain.missing_part import Incompleteness, MissingKind, MissingPart
from domain.operation import OperationTypeEnum
from entrypoints.cli import main
from entrypoints.http.api_missing import missing_out
from entrypoints.http.api_structs import detail_out
from entrypoints.reading.printing import Printer, missing_lines, warn
from tests.builders import NOON, a_record

RED, YELLOW = "\x1b[1;31m", "\x1b[33m"


def printed(*, is_terminal: bool, **fields: Any) -> str:  # noqa: ANN401 - any field
    """One change as it is printed."""
    file = io.StringIO()
    console = Console(
        file=file, force_terminal=is_terminal, width=100, color_system="standard", no_color=False
    )
    stored = StoredRecord(a_record(record_key='{"id":1}', **fields), "shop.public.orders", NOON)
    Printer(console if is_terminal else Console(file=file)).detail(detail_out(stored))
    return file.getvalue()


def a_part(kind: MissingKind, number: int, *, behind: int) -> MissingPart:
    return MissingPart(
        kind=kind,
        id=number,
        topic="shop.public.orders",
        stream_id=1,
        partition=0,
        first_offset=5,
        next_offset=behind,
        cause="expired" if kind is MissingKind.GAP else "ValidationError",
    )


def test_a_change_is_coloured_on_a_terminal() -> None:
    shown = printed(is_terminal=True)

    assert YELLOW in shown
    assert f"{RED}" in printed(is_terminal=True, operation=OperationTypeEnum.DELETE)


def test_off_a_terminal_it_is_plain_and_one_thing_a_line_however_long() -> None:
    long = "a" * 300

    shown = printed(is_terminal=False, new_data=f'{{"id":1,"status":"{long}"}}')

    assert "\x1b" not in shown
    assert [line.split() for line in shown.splitlines()][-2:] == [
        ["id", "1"],
        ["~", "status", "new", "->", long],
    ]


@pytest.mark.parametrize("is_terminal", [True, False])
def test_text_of_a_record_is_no_markup_and_no_command_to_the_terminal(
    is_terminal: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    values = '{"id":1,"[bold]st[/]":"\\u001b[2J\\u202e[link=x]y[/link]"}'

    shown = printed(is_terminal=is_terminal, new_data=values, changed_columns=None)

    assert "[bold]st[/]" in shown
    assert "\\u001b[2J\\u202e[link=x]y[/link]" in shown.replace("\n", "")
    assert "\x1b[2J" not in shown


def test_what_an_answer_lacks_is_told_with_the_command_that_shows_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    gap = a_part(MissingKind.GAP, 3, behind=9)
    bad = a_part(MissingKind.QUARANTINE, 7, behind=6)

    warn(missing_out(Incompleteness((gap, bad), has_more=True)))

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "cdc-audit: This answer may be incomplete:",
        (
            "cdc-audit:   gap 3 (shop.public.orders, partition 0, offset 5 to 8: expired): "
            "cdc-audit gap show 3"
        ),
        (
            "cdc-audit:   quarantine 7 (shop.public.orders, partition 0, offset 5: "
            "ValidationError): cdc-audit quarantine show 7"
        ),
        "cdc-audit:   and more: cdc-audit gap list --open; cdc-audit quarantine list --open",
    ]


def test_nothing_is_said_where_nothing_is_lacking() -> None:
    assert missing_lines(missing_out(Incompleteness())) == ()


@pytest.mark.parametrize(
    "command",
    ["log", "show", "at", "diff", "tx", "search", "stats", "revert", "export", "tail", "health"],
)
def test_the_help_of_each_command_tells_its_exit_statuses(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main([command, "--help"])

    help_text = " ".join(capsys.readouterr().out.split())
    assert "Exit status: 0 " in help_text
    assert "--dsn" in help_text
    assert "--url" in help_text


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_completes_the_commands(
    shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_CDC_AUDIT_COMPLETE", f"complete_{shell}")
    monkeypatch.setenv("COMP_WORDS", "cdc-audit quar")
    monkeypatch.setenv("COMP_CWORD", "1")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "cdc-audit quar")
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    monkeypatch.setenv("_TYPER_COMPLETE_WORD_TO_COMPLETE", "quar")

    with pytest.raises(SystemExit):
        main([])

    assert "quarantine" in capsys.readouterr().out

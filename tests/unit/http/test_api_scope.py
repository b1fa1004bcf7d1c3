"""Who may what: roles, and tables that are not there for whoever may not see them."""

import pytest

from domain.access import Role
from tests.unit.http.api_asking import AFTER_ALL, BEFORE_ALL, Desk

_INTERVAL = {"since": BEFORE_ALL, "until": AFTER_ALL}
_TIMES = {"earlier": BEFORE_ALL, "later": AFTER_ALL}
_SALARY = {"table": "salaries", "key": "1"}

LISTS: list[tuple[str, dict[str, str]]] = [
    ("/changes", {"count": "true"}),
    ("/changes", {"transaction": "771"}),
    ("/changes", {"text": "9"}),
    ("/rows", _SALARY),
    ("/transactions", {"id": "771"}),
    ("/transactions/of/1-0-0", {}),
    ("/statistics", _INTERVAL),
    ("/statistics", {**_INTERVAL, "table": "salaries"}),
    ("/health", {}),
    ("/gaps", {}),
    ("/quarantine", {}),
    ("/export", {"format": "ndjson"}),
    ("/export", {"format": "csv"}),
]
SINGLE: list[tuple[str, dict[str, str]]] = [
    ("/changes/2-0-0", {}),
    ("/changes/2-0-0/revert", {}),
    ("/transactions/of/2-0-0", {}),
    ("/rows/history", _SALARY),
    ("/rows/at", {**_SALARY, "time": AFTER_ALL}),
    ("/rows/at", {"after": "2-0-0"}),
    ("/rows/diff", {**_SALARY, **_TIMES}),
    ("/tables/diff", {"table": "salaries", **_TIMES}),
    ("/gaps/2", {}),
    ("/quarantine/2", {}),
]
_HIDDEN = ("salaries", "private", "90000", '"hr"', "2-0-0")


@pytest.mark.parametrize(("path", "parameters"), LISTS)
async def test_nothing_of_a_table_that_may_not_be_seen_is_in_any_answer(
    path: str, parameters: dict[str, str]
) -> None:
    desk = Desk()
    limited = await desk.token(Role.OPERATOR, "public.*")

    whole = await desk.ask(path, await desk.token(Role.OPERATOR), parameters=parameters)
    part = await desk.ask(path, limited, parameters=parameters)

    assert any(word in whole.text for word in _HIDDEN), "the test would find nothing to hide"
    assert part.status_code == 200, part.text
    assert [word for word in _HIDDEN if word in part.text] == []


@pytest.mark.parametrize(("path", "parameters"), SINGLE)
async def test_a_single_thing_that_may_not_be_seen_is_not_there(
    path: str, parameters: dict[str, str]
) -> None:
    desk = Desk()
    limited = await desk.token(Role.OPERATOR, "public.*")

    whole = await desk.ask(path, await desk.token(Role.OPERATOR), parameters=parameters)
    part = await desk.ask(path, limited, parameters=parameters)

    assert whole.status_code == 200, whole.text
    assert part.status_code == 404, part.text
    assert "90000" not in part.text


async def test_counts_leave_out_what_may_not_be_seen() -> None:
    desk = Desk()
    limited = await desk.token(Role.READER, "public.*")

    page = await desk.told("/changes", limited, count="true")
    statistics = await desk.told("/statistics", limited, **_INTERVAL)

    assert page["count"]["number"] == 3
    assert sum(hour["changes"] for hour in statistics["hours"]) == 3
    assert sum(writer["changes"] for writer in statistics["writers"]) == 3


async def test_half_of_a_transaction_is_not_put_back() -> None:
    desk = Desk()
    limited = await desk.token(Role.READER, "public.*")

    answer = await desk.ask("/changes/1-0-1/revert", limited, parameters={"of": "transaction"})

    assert answer.status_code == 403
    assert "half of it" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/gaps/1/acknowledge", {"reason": "x"}),
        ("/quarantine/1/retry", {}),
        ("/quarantine/1/resolve", {"reason": "x"}),
    ],
)
async def test_a_reader_changes_nothing(path: str, body: dict[str, str]) -> None:
    desk = Desk(can_retry=True)

    answer = await desk.ask(path, await desk.token(), method="POST", json=body)

    assert answer.status_code == 403
    assert "operator" in answer.json()["detail"]
    assert desk.trail.memory.acknowledged == {}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/gaps/2/acknowledge", {"reason": "x"}),
        ("/quarantine/2/retry", {}),
        ("/quarantine/2/resolve", {"reason": "x"}),
    ],
)
async def test_an_operator_of_some_tables_changes_nothing_of_others(
    path: str, body: dict[str, str]
) -> None:
    desk = Desk(can_retry=True)
    limited = await desk.token(Role.OPERATOR, "public.*")

    answer = await desk.ask(path, limited, method="POST", json=body)

    assert answer.status_code == 404
    assert desk.trail.memory.acknowledged == {}
    assert desk.trail.memory.entries[2].is_open


@pytest.mark.parametrize(("role", "tables"), [(Role.OPERATOR, ()), (Role.ADMIN, ("public.*",))])
async def test_the_access_log_is_for_those_who_may_see_everything(
    role: Role, tables: tuple[str, ...]
) -> None:
    desk = Desk()

    answer = await desk.ask("/access-log", await desk.token(role, *tables))

    assert answer.status_code == 403

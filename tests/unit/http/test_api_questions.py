"""`/api/v1`: each question to the trail, asked by somebody who may see all of it."""

import pytest

from domain.access import Role
from domain.errors import SourceUnavailableError
from tests.unit.http.api_asking import AFTER_ALL, BEFORE_ALL, ORDER, Desk


async def test_a_search_is_narrowed_by_each_filter() -> None:
    desk = Desk()
    searches = (
        {"table": "public.orders", "operation": "update"},
        {"user": "app:ada"},
        {"changed": "status"},
        {"value": "status=paid", "operation": "UPDATE"},
        {"text": "PAID", "operation": "UPDATE"},
        {"transaction": "771", "key": "7", "operation": "UPDATE"},
    )

    found = [await desk.told("/changes", **search) for search in searches]

    assert [[c["id"] for c in page["changes"]] for page in found] == [["1-0-1"]] * len(searches)


async def test_pages_follow_each_other_to_the_end() -> None:
    desk = Desk()

    first = await desk.told("/changes", limit="3")
    second = await desk.told("/changes", limit="3", before=first["older"])

    seen = [c["id"] for c in (*first["changes"], *second["changes"])]
    assert seen == ["1-0-2", "2-0-0", "1-0-1", "1-0-0"]
    assert second["older"] is None


async def test_a_search_is_counted_where_that_is_asked_for() -> None:
    desk = Desk()

    counted = await desk.told("/changes", table="orders", limit="1", count="true")
    plain = await desk.told("/changes")

    assert counted["count"] == {"number": 3, "is_exact": True}
    assert plain["count"] is None


async def test_an_answer_says_with_links_what_it_may_lack() -> None:
    desk = Desk()

    answer = await desk.told("/changes", table="orders")

    lacks = answer["may_be_incomplete"]["parts"]
    assert [(part["kind"], part["url"]) for part in lacks] == [
        ("gap", "/api/v1/gaps/1"),
        ("quarantine", "/api/v1/quarantine/1"),
    ]


async def test_a_row_is_found_by_its_table_and_key() -> None:
    answer = await Desk().told("/rows", **ORDER)

    (row,) = answer["rows"]
    assert (row["table"]["schema"], row["key"]) == ("public", {"id": 7})
    assert row["url"].startswith("/api/v1/rows/history?table=public.orders&key=")


async def test_a_row_has_a_history_that_its_link_leads_to() -> None:
    desk = Desk()
    (row,) = (await desk.told("/rows", **ORDER))["rows"]

    answer = await desk.told(row["url"].removeprefix("/api/v1"))

    operations = [entry["change"]["operation"] for entry in answer["changes"]]
    assert operations == ["DELETE", "UPDATE", "INSERT"]
    status = next(c for c in answer["changes"][1]["columns"] if c["name"] == "status")
    assert (status["old"]["value"], status["new"]["value"]) == ("new", "paid")


async def test_a_row_is_told_as_it_was_at_a_time_and_beside_a_change() -> None:
    desk = Desk()

    at = await desk.told("/rows/at", **ORDER, time="2023-11-14T22:13:21Z")
    before = await desk.told("/rows/at", before="1-0-1")
    after = await desk.told("/rows/at", after="1-0-2")

    values = {c["name"]: c["value"]["value"] for c in at["columns"]}
    assert values == {"id": 7, "status": "paid"}
    assert at["columns"][1]["known_from"]["change"] == "1-0-1"
    assert {c["name"]: c["value"]["value"] for c in before["columns"]}["status"] == "new"
    assert after["existence"] == "absent"


async def test_a_row_and_a_table_are_compared_at_two_times() -> None:
    desk = Desk()
    times = {"earlier": "2023-11-14T22:13:20Z", "later": "2023-11-14T22:13:21Z"}

    row = await desk.told("/rows/diff", **ORDER, **times)
    table = await desk.told("/tables/diff", table="orders", **times)

    status = next(c for c in row["columns"] if c["name"] == "status")
    assert (status["status"], row["differs"]) == ("changed", True)
    assert status["earlier"]["value"]["value"] == "new"
    assert [one["row"]["key"] for one in table["rows"]] == [{"id": 7}]


async def test_a_transaction_is_told_by_its_id_and_by_a_change_of_it() -> None:
    desk = Desk()

    by_id = await desk.told("/transactions", id="771")
    of_change = await desk.told("/transactions/of/2-0-0")

    (one,) = by_id["transactions"]
    assert [c["id"] for c in one["changes"]] == ["1-0-0", "1-0-1", "2-0-0"]
    assert one["completeness"] == "unknown"
    assert of_change["changes"] == one["changes"]


@pytest.mark.parametrize(("of", "statements"), [("change", 1), ("row", 2), ("transaction", 3)])
async def test_the_sql_puts_back_a_change_its_row_or_its_transaction(
    of: str, statements: int
) -> None:
    answer = await Desk().told("/changes/1-0-1/revert", of=of)

    assert len(answer["statements"]) + len(answer["refused"]) == statements
    assert answer["dialect"] == "postgresql"


async def test_statistics_add_up_an_interval() -> None:
    answer = await Desk().told("/statistics", since=BEFORE_ALL, until=AFTER_ALL)

    counts = {(t["table"]["name"], t["operation"]): t["changes"] for t in answer["tables"]}
    assert counts["orders", "UPDATE"] == 1
    assert sum(hour["changes"] for hour in answer["hours"]) == 4
    assert answer["busiest_rows"][0]["changes"] == 3
    assert {"user": "hr", "changes": 1} in answer["writers"]


async def test_health_tells_what_is_lost_and_what_is_covered() -> None:
    answer = await Desk().told("/health")

    assert {gap["topic"] for gap in answer["gaps"]} == {
        "shop.public.orders",
        "shop.private.salaries",
    }
    assert len(answer["quarantine"]) == 2
    assert {part["topic"] for part in answer["may_be_incomplete"]["parts"]} == {
        "shop.public.orders",
        "shop.private.salaries",
    }


async def test_an_operator_takes_note_of_a_gap_once() -> None:
    desk = Desk()
    operator = await desk.token(Role.OPERATOR)
    path, reason = "/gaps/1/acknowledge", {"reason": "a test topic"}

    first = await desk.ask(path, operator, method="POST", json=reason)
    again = await desk.ask(path, operator, method="POST", json=reason)

    assert first.status_code == 200, first.text
    assert first.json()["acknowledged"]["by"] == "ada"
    assert again.status_code == 409
    assert "stays" in again.json()["detail"]
    assert [gap["id"] for gap in (await desk.told("/gaps", open="true"))["gaps"]] == [2]


async def test_only_an_operator_gets_the_bytes_of_a_quarantined_record() -> None:
    desk = Desk()
    operator = await desk.token(Role.OPERATOR)

    read = await desk.told("/quarantine/1")
    operated = await desk.told("/quarantine/1", operator)

    assert read["raw"] is None
    assert operated["raw"]["value"] == "/wA="
    assert read["entry"]["error_type"] == "ValidationError"


async def test_a_record_is_retried_where_a_pipeline_runs_beside() -> None:
    with_one, without = Desk(can_retry=True), Desk()
    path = "/quarantine/1/retry"

    placed = await with_one.ask(path, await with_one.token(Role.OPERATOR), method="POST", json={})
    refused = await without.ask(path, await without.token(Role.OPERATOR), method="POST", json={})

    assert placed.json()["outcome"] == "placed"
    assert refused.status_code == 409
    assert "cdc-audit quarantine retry 1" in refused.json()["detail"]


async def test_a_retry_says_what_is_away() -> None:
    desk = Desk(can_retry=True, trouble=SourceUnavailableError("Kafka cannot be reached"))
    operator = await desk.token(Role.OPERATOR)

    answer = await desk.ask("/quarantine/1/retry", operator, method="POST", json={})

    assert answer.status_code == 503
    assert "Kafka cannot be reached" in answer.json()["detail"]


async def test_a_record_is_resolved_once_with_a_reason_and_a_name() -> None:
    desk = Desk()
    operator = await desk.token(Role.OPERATOR)
    path, reason = "/quarantine/1/resolve", {"reason": "known"}

    first = await desk.ask(path, operator, method="POST", json=reason)
    again = await desk.ask(path, operator, method="POST", json=reason)

    assert (first.status_code, first.json()["resolution_note"]) == (200, "known (ada)")
    assert again.status_code == 409


async def test_an_admin_reads_who_looked() -> None:
    desk = Desk()
    await desk.told("/changes", table="orders")

    answer = await desk.told("/access-log", await desk.token(Role.ADMIN))

    (look,) = answer["looks"]
    assert (look["who"], look["action"], look["rows"]) == ("ada", "GET /api/v1/changes", 3)
    assert look["query"] == "table=orders"

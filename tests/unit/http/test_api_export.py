"""`/api/v1/export`: files of any search, in three formats."""

import csv
import io
import json

import pyarrow.parquet as pq
import pytest

from entrypoints.http.api_parameters import MAX_LIMIT
from tests.unit.http.api_asking import Desk
from tests.unit.http.page_data import PageTrail, an_insert
from tests.unit.http.page_reading import app_over
from tests.unit.http.requests import get

ALL = ["1-0-2", "2-0-0", "1-0-1", "1-0-0"]


async def test_csv_has_a_head_and_a_line_for_each_change() -> None:
    answer = await Desk().ask("/export", parameters={"format": "csv"})

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="changes.csv"' in answer.headers["Content-Disposition"]
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert [line["id"] for line in lines] == ALL
    assert lines[-1]["new"] == '{"id":7,"status":"new"}'
    assert lines[-1]["time"] == "2023-11-14T22:13:20.000000Z"


async def test_ndjson_has_the_changes_as_the_api_gives_them() -> None:
    desk = Desk()

    answer = await desk.ask("/export", parameters={"format": "ndjson"})

    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines == (await desk.told("/changes"))["changes"]


async def test_parquet_has_typed_columns() -> None:
    answer = await Desk().ask("/export", parameters={"format": "parquet", "table": "orders"})

    table = pq.read_table(io.BytesIO(answer.content))
    rows = table.to_pylist()
    assert [row["id"] for row in rows] == ["1-0-2", "1-0-1", "1-0-0"]
    assert rows[0]["time"].isoformat() == "2023-11-14T22:13:23+00:00"
    assert rows[0]["offset"] == 2


@pytest.mark.parametrize("kind", ["csv", "ndjson", "parquet"])
async def test_an_export_of_nothing_is_a_whole_file(kind: str) -> None:
    answer = await Desk().ask("/export", parameters={"format": kind, "table": "nothing"})

    assert answer.status_code == 200
    if kind == "parquet":
        assert pq.read_table(io.BytesIO(answer.content)).num_rows == 0


@pytest.mark.parametrize("kind", ["ndjson", "parquet"])
async def test_an_export_goes_on_over_all_pages(kind: str) -> None:
    trail = PageTrail()
    for _ in range(2 * MAX_LIMIT + 1):
        trail.add(**an_insert())

    answer = await get(app_over(trail), f"/api/v1/export?format={kind}")

    if kind == "ndjson":
        ids = [json.loads(line)["id"] for line in answer.text.splitlines()]
    else:
        file = io.BytesIO(answer.content)
        assert pq.ParquetFile(file).num_row_groups == 3
        ids = [row["id"] for row in pq.read_table(io.BytesIO(answer.content)).to_pylist()]
    assert ids == [f"1-0-{offset}" for offset in range(2 * MAX_LIMIT, -1, -1)]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
async def test_a_safe_csv_has_no_formulas(start: str) -> None:
    trail = PageTrail()
    trail.add(**an_insert(change_user=f"{start}cmd()"))

    safe = await get(app_over(trail), "/api/v1/export?format=csv&safe=true")
    exact = await get(app_over(trail), "/api/v1/export?format=csv")

    users = [next(csv.DictReader(io.StringIO(a.text)))["user"] for a in (safe, exact)]
    assert users == [f"'{start}cmd()", f"{start}cmd()"]


async def test_the_end_of_an_export_tells_the_access_log_how_many_it_had() -> None:
    desk = Desk()

    await desk.ask("/export", parameters={"format": "csv"})

    begun, ended = (await desk.log.latest(2))[::-1]
    assert (begun.row_count, ended.row_count) == (None, 4)
    assert ended.action == "GET /api/v1/export (end)"

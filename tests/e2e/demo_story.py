"""A demo in which a story was told, and the source's own account of it."""

import json
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg

from entrypoints.demo.accounts import read_quarantine, read_shapes, read_trail, read_truth
from entrypoints.demo.comparison import Change, TableShape
from entrypoints.demo.malformed import send_malformed
from entrypoints.demo.values import Value, read_value
from entrypoints.demo.workload import Workload
from tests.e2e.demo_process import UP, DemoProcess
from tests.processes import wait_until

Json = Mapping[str, Any]


class DemoStory:
    """
    A demo with a quiet source, to which the workload told its story twice.

    Args:
        demo: The demo.

    Attributes:
        url: Where its page is.
        trail: How to connect to the trail.
        shapes: The source's tables.
    """

    def __init__(self, demo: DemoProcess) -> None:
        demo.wait_for(UP)
        self._shop = demo.find(r"The source: .*(postgresql://\S+)")
        self.trail = demo.find(r"The trail: .*(postgresql://\S+)")
        self.url = demo.find(r"The page: +(\S+)")
        bootstrap = demo.setting("CDC_AUDIT_KAFKA_BOOTSTRAP_SERVERS")

        def malform() -> None:
            send_malformed(bootstrap)

        Workload(self._shop, malform=malform, pause=0.0).run(threading.Event(), rounds=2)
        self.shapes = read_shapes(self._shop)
        self.truth()

    def do(self, statements: str) -> None:
        """Run SQL on the source."""
        with psycopg.connect(self._shop, autocommit=True) as connection:
            connection.execute(statements.encode())

    def value(self, query: str) -> object:
        """The one value that the source answers with."""
        with psycopg.connect(self._shop) as connection:
            row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]

    def truth(self) -> Sequence[Change]:
        """The source's own account, once the trail has as many changes, and the bad record."""
        truth = read_truth(self._shop, self.shapes)
        wait_until(
            lambda: (
                len(read_trail(self.trail, self.shapes)) >= len(truth)
                and len(read_quarantine(self.trail)) == 1
            ),
            what="every change, and the record that cannot be decoded",
        )
        return truth


def read_json(text: str | bytes) -> Any:  # noqa: ANN401 - JSON; numbers keep their digits
    """Read what the API or the command line said."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def told_change(change: Json, shape: TableShape) -> Change:
    """A change as the API tells it, to be compared with the source's own account."""
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

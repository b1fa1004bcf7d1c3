"""A believable shop's last fifty hours: what people see first on the page."""

from collections.abc import Sequence
from typing import Any

from domain.operation import BeforeImage, OperationTypeEnum
from tests.builders import NOON, SECOND
from tests.unit.http.page_data import (
    PageTrail,
    a_delete,
    a_truncate,
    an_insert,
    without_old_row,
)

MINUTE = 60 * SECOND

_CUSTOMER = (
    '{"id":3,"name":"Zoë Ågren","email":"zoe.agren@shop.%s","newsletter":false,'
    '"preferences":"{\\"language\\": \\"sv\\"}","born_on":"1990-02-28"}'
)
_ORDER = (
    '{"id":7,"customer_id":3,"status":"%s","total":58.80,"note":null,'
    '"placed_at":"2026-07-01T09:12:44.120031Z","paid_at":%s}'
)
_PAID_AT = '"2026-07-01T09:20:03.000000Z"'
_TRANSACTION = {
    "transaction_id": "771",
    "lsn": "0/16E9058",
    "source_metadata": '{"version":"3.6.3.Final","connector":"postgresql","name":"shop",'
    '"lsn":24023128}',
    "kafka_timestamp": NOON,
}

_Story = Sequence[tuple[int, str, dict[str, Any]]]
"""Minutes before the end, table, and fields of each change."""


def a_shop(*, now: int = NOON) -> PageTrail:
    """A trail of ten changes, the last one of them at `now`."""
    trail = PageTrail()
    for ago, table, fields in (*_before_today(), *_order_7(), *_incomplete(), *_emptied()):
        time = now - ago * MINUTE
        trail.add(table=table, change_timestamp=time, captured_at=time + 12_000, **fields)
    return trail


def _before_today() -> _Story:
    baseline = an_insert(
        operation=OperationTypeEnum.SNAPSHOT,
        record_key='{"id":1}',
        new_data='{"id":1,"name":"Teapot","price":24.90,"stock":1000}',
    )
    corrected = {
        "record_key": '{"id":3}',
        "old_data": _CUSTOMER % "exmaple",
        "new_data": _CUSTOMER % "example",
        "changed_columns": ("email",),
        "change_user": "support:maria",
        **_TRANSACTION,
    }
    return [(3000, "products", baseline), (240, "customers", corrected)]


def _order_7() -> _Story:
    key = {"record_key": '{"id":7}', **_TRANSACTION}
    item = an_insert(
        record_key='{"order_id":7,"line":1}',
        new_data='{"order_id":7,"line":1,"product_id":1,"quantity":2,"unit_price":24.90}',
        **_TRANSACTION,
    )
    placed, paid = _ORDER % ("placed", "null"), _ORDER % ("paid", _PAID_AT)
    paying = {"old_data": placed, "new_data": paid, "changed_columns": ("status", "paid_at")}
    shipping = {
        "old_data": paid,
        "new_data": _ORDER % ("shipped", _PAID_AT),
        "changed_columns": ("status",),
    }
    return [
        (44, "orders", an_insert(new_data=placed, **key)),
        (44, "order_items", item),
        (12, "orders", {**paying, **key}),
        (0, "orders", {**shipping, **key}),
    ]


def _incomplete() -> _Story:
    unsent = without_old_row(
        record_key='{"id":2}',
        new_data='{"id":2,"product_id":3,"stars":5,"written_at":null}',
        value_notes='{"body":"unavailable"}',
        **_TRANSACTION,
    )
    invented = a_delete(
        record_key='{"id":3}',
        old_data='{"id":3,"product_id":0,"stars":0,"body":null,"written_at":null}',
        before_image=BeforeImage.INVENTED,
    )
    return [(9, "reviews", unsent), (6, "reviews", invented)]


def _emptied() -> _Story:
    gone = (_CUSTOMER % "example").replace(":3", ":4")
    return [
        (4, "customers", a_delete(record_key='{"id":4}', old_data=gone)),
        (2, "carts", a_truncate()),
    ]

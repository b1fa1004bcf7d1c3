"""The shop's day, with what goes wrong in it: a gap, a quarantined record, an END record."""

import time

import msgspec

from domain.control import ControlKind
from domain.disposition import Tally
from domain.gap import Gap, GapCause
from tests.builders import SECOND, a_control_message, a_quarantined_record
from tests.unit.http.page_data import PageTrail, an_insert
from tests.unit.http.shop_story import MINUTE, a_shop

ORDERS = 3
"""The stream of the shop's orders."""

_WRITERS = ("checkout", "warehouse", "support:maria", None)


def a_troubled_shop(*, now: int | None = None, hours: int = 23) -> PageTrail:
    """A shop with changes in each of the last hours, and with something to act on."""
    now = time.time_ns() // 1000 if now is None else now
    trail = a_shop(now=now)
    for minute in range(5, hours * 60, 9):
        for table, of_these in (("orders", 1), ("order_items", 2), ("payments", 3)):
            if minute * of_these % 4 < 2 + (minute // 60) % 2:
                _pass(trail, table, minute, now=now)
    lost = Gap(
        stream_id=ORDERS,
        partition=1,
        first_offset=4711,
        next_offset=4750,
        cause=GapCause.EXPIRED,
        evidence="the log began at offset 4750, and 4711 was to be read",
    )
    trail.memory.gaps.append(lost)
    trail.memory.quarantine[ORDERS, 0, 9_000] = a_quarantined_record(
        9_000,
        stream_id=ORDERS,
        kafka_timestamp=now // 1000,
        key=b'{"id":7}',
        value=b'{"before":null,"after":{"id":7,"status":"pa',
        error_message="the value is no JSON: unexpected end of data (byte 41). Look at the "
        "producer, then retry.",
    )
    _end(trail, now=now)
    for place, held in trail.memory.offsets.items():
        tally = Tally(audited=held.next_offset)
        trail.memory.offsets[place] = msgspec.structs.replace(held, tally=tally)
    return trail


def _end(trail: PageTrail, *, now: int) -> None:
    trail.memory.control.append(
        a_control_message(
            kafka_offset=1,
            kind=ControlKind.TRANSACTION_END,
            payload='{"status":"END","id":"771:24023128","event_count":6,"data_collections":'
            '[{"data_collection":"public.orders","event_count":3},'
            '{"data_collection":"public.order_items","event_count":1},'
            '{"data_collection":"public.reviews","event_count":1},'
            '{"data_collection":"public.customers","event_count":1}]}',
            kafka_timestamp=now,
        )
    )


def _pass(trail: PageTrail, table: str, minute: int, *, now: int) -> None:
    key = 100 + minute
    trail.add(
        table=table,
        change_timestamp=now - minute * MINUTE - 7 * SECOND,
        change_user=_WRITERS[minute % len(_WRITERS)],
        record_key=f'{{"id":{key}}}',
        **an_insert(new_data=f'{{"id":{key},"status":"placed","total":{minute}.90}}'),
    )

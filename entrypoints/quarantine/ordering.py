"""An operator's orders about topics, given and ended from the command line."""

import asyncio
import sys

import msgspec

from adapters.postgres.stream_orders import list_streams
from application.topic_orders import in_words
from entrypoints.quarantine.opened import open_orders
from entrypoints.quarantine.told import told_order
from entrypoints.settings import AppConfig

DONE, FAILED = 0, 1


async def give_order(
    config: AppConfig, topic: str, *, until: int | None, reason: str | None, as_json: bool
) -> int:
    """Order that whatever fails of `topic` is quarantined, and tell so; gives the exit status."""
    async with open_orders(config) as orders:
        order = await orders.give(topic, until=until, reason=reason)
    streams = await asyncio.to_thread(list_streams, config.sink_database)
    is_known = any(stream.topic == topic for stream in streams)
    if as_json:
        told = {**told_order(order), "topic_is_known": is_known}
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
    else:
        sys.stdout.write(
            f"{topic}: {in_words(order)}. The running service heeds it within seconds, and one "
            f"that is started later, too. `cdc-audit quarantine --all-of {topic} --clear` ends "
            f"it.\n"
        )
    if not is_known:  # it may come yet: the order must not have to wait for its first record
        sys.stderr.write(
            f"cdc-audit: the trail has no topic {topic!r} until now: `cdc-audit stream list` shows "
            f"those that it has. The order waits for it. If the name is wrong, take the order back "
            f"with `cdc-audit quarantine --all-of {topic} --clear`.\n"
        )
    return DONE


async def end_order(config: AppConfig, topic: str, *, as_json: bool) -> int:
    """End the order about `topic`, and tell so; gives the exit status."""
    async with open_orders(config) as orders:
        ended = await orders.end(topic)
    if as_json:
        sys.stdout.write(msgspec.json.encode({"topic": topic, "ended": ended}).decode() + "\n")
    elif ended:
        sys.stdout.write(f"{topic}: the order has ended. The topic is held again if most fails.\n")
    else:
        sys.stdout.write(f"{topic}: there is no order that could be ended.\n")
    return DONE if ended else FAILED

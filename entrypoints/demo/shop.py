"""The source of the demo: a database `shop`, with its own account of every change beside it."""

from pathlib import Path

import psycopg
from psycopg import sql

SOURCE_DATABASE = "shop"
TRAIL_DATABASE = "audit"
PREFIX = "shop"  # of the topics
TABLES = ("customers", "order_items", "orders", "products", "reviews")
TOPICS = {f"{PREFIX}.public.{table}": 1 for table in TABLES} | {f"{PREFIX}.transaction": 1}
HEARTBEAT_TOPIC = f"__debezium-heartbeat.{PREFIX}"

STATEMENTS_TO_TRY = (  # on rows that the workload leaves alone
    "UPDATE customers SET email = 'ada@lovelace.example' WHERE id = 1;",
    (
        "BEGIN; UPDATE orders SET status = 'returned', note = NULL WHERE id = 1;"
        " UPDATE products SET stock = stock + 1 WHERE id = 1; COMMIT;"
    ),
    "DELETE FROM reviews WHERE id = 1;",
)

_HERE = Path(__file__).parent


def create_databases(server_dsn: str) -> None:
    """Make the database of the shop and the one of the trail, on the server behind `server_dsn`."""
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        for name in (SOURCE_DATABASE, TRAIL_DATABASE):
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def create_shop(dsn: str) -> None:
    """Make the shop's tables, their first rows, and the triggers that remember every change."""
    with psycopg.connect(dsn) as connection:
        for file in ("shop.sql", "truth.sql"):
            connection.execute((_HERE / file).read_bytes())


def is_captured(dsn: str) -> bool:
    """
    Whether changes from now on reach Debezium one by one.

    They do from the moment that its replication slot stands; what was there before comes as a
    snapshot.
    """
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "SELECT true FROM pg_replication_slots"
            " WHERE database = current_database() AND confirmed_flush_lsn IS NOT NULL"
        ).fetchone()
    return row is not None

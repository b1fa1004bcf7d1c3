"""
A believable day in the shop, told over and over: every step is one transaction.

It leaves customer 1, order 1 and reviews 1 to 3 alone: they are for the person who watches.
"""

import logging
import random
import threading
from collections.abc import Callable
from typing import LiteralString

import psycopg

logger = logging.getLogger(__name__)

Step = Callable[[psycopg.Connection], None]

# Somebody's open transaction must not hold the story up for good.
OPTIONS = "-c lock_timeout=2s -c application_name=shop"


class Workload:
    """
    Plays the story against the shop at `dsn`.

    Args:
        dsn: How to connect to the shop's database.
        malform: Sends a record to a table's topic that is no change event.
        pause: Seconds between two steps.
    """

    def __init__(self, dsn: str, *, malform: Callable[[], None], pause: float) -> None:
        self._dsn = dsn
        self._malform = malform
        self._pause = pause
        self._random = random.Random(20_240)  # noqa: S311 - the same story every time
        self._malformed = False

    def run(self, stop: threading.Event, *, rounds: int | None = None) -> None:
        """
        Tell the story `rounds` times, or until `stop`.

        Raises:
            psycopg.Error: A step failed; only when `rounds` are counted. Otherwise it is logged,
                and the story goes on: whoever watches may have changed the tables.
        """
        told = 0
        while told != rounds and not stop.is_set():
            try:
                with psycopg.connect(self._dsn, autocommit=True, options=OPTIONS) as connection:
                    self._tell(connection, stop)
            except psycopg.Error as error:
                if rounds is not None:
                    raise
                logger.warning("the workload stumbled", extra={"error": str(error).strip()})
                stop.wait(max(self._pause, 1.0))
            told += 1

    def _tell(self, connection: psycopg.Connection, stop: threading.Event) -> None:
        story: tuple[Step, ...] = (
            self._place_order,
            self._pay,
            self._correct_email,
            self._place_order,
            self._ship,
            self._review,
            self._send_malformed,
            self._place_order,
            self._pay,
            self._decline,
            self._cancel,
            self._change_price,
            self._remove_review,
        )
        for step in story:
            if stop.is_set():
                return
            step(connection)
            stop.wait(self._pause)

    def _place_order(self, connection: psycopg.Connection) -> None:
        """One transaction over three tables."""
        customer = self._random.randint(2, 4)
        wanted = self._random.sample((1, 2, 3), k=self._random.randint(1, 3))
        with connection.transaction():
            order = _number(
                connection,
                "INSERT INTO orders (customer_id, total) VALUES (%s, 0) RETURNING id",
                customer,
            )
            for line, product in enumerate(wanted, start=1):
                quantity = self._random.randint(1, 4)
                connection.execute(
                    "INSERT INTO order_items SELECT %s, %s, id, %s, price"
                    " FROM products WHERE id = %s",
                    (order, line, quantity, product),
                )
                connection.execute(
                    "UPDATE products SET stock = greatest(stock - %s, 0) WHERE id = %s",
                    (quantity, product),
                )
            connection.execute(
                "UPDATE orders SET total = (SELECT sum(quantity * unit_price) FROM order_items"
                " WHERE order_id = orders.id) WHERE id = %s",
                (order,),
            )

    def _pay(self, connection: psycopg.Connection) -> None:
        connection.execute(
            "UPDATE orders SET status = 'paid', paid_at = now() WHERE id ="
            " (SELECT min(id) FROM orders WHERE status = 'placed' AND id > 1)"
        )

    def _ship(self, connection: psycopg.Connection) -> None:
        connection.execute(
            "UPDATE orders SET status = 'shipped', shipped_at = now(), note = NULL WHERE id ="
            " (SELECT min(id) FROM orders WHERE status = 'paid' AND id > 1)"
        )

    def _correct_email(self, connection: psycopg.Connection) -> None:
        connection.execute(
            "UPDATE customers SET email = CASE WHEN email LIKE '%exmaple'"
            " THEN 'zoe.agren@shop.example' ELSE 'zoe.agren@shop.exmaple' END,"
            " newsletter = NOT newsletter WHERE id = 3"
        )

    def _review(self, connection: psycopg.Connection) -> None:
        connection.execute(
            "INSERT INTO reviews (product_id, customer_id, stars, body) VALUES (%s, %s, %s, %s)",
            (
                self._random.randint(1, 3),
                self._random.randint(2, 4),
                self._random.randint(1, 5),
                self._random.choice(("Très bon.", "すばらしい", 'A "6" out of 5\\', None)),
            ),
        )

    def _send_malformed(self, _connection: psycopg.Connection) -> None:
        if not self._malformed:
            self._malform()
            self._malformed = True

    def _decline(self, connection: psycopg.Connection) -> None:
        """Roll a payment back: nobody must ever see it."""
        with connection.transaction(force_rollback=True):
            connection.execute("UPDATE orders SET status = 'paid' WHERE id > 1")

    def _cancel(self, connection: psycopg.Connection) -> None:
        """Delete an order; its items go with it."""
        connection.execute(
            "DELETE FROM orders WHERE id ="
            " (SELECT max(id) FROM orders WHERE status = 'placed' AND id > 1)"
        )

    def _change_price(self, connection: psycopg.Connection) -> None:
        connection.execute(
            "UPDATE products SET price = price + %s WHERE id = 3",
            (self._random.choice(("0.10", "-0.10", "0.00")),),
        )

    def _remove_review(self, connection: psycopg.Connection) -> None:
        connection.execute(
            "DELETE FROM reviews WHERE id = (SELECT max(id) FROM reviews) AND id > 3"
        )


def _number(connection: psycopg.Connection, query: LiteralString, *values: object) -> int:
    row = connection.execute(query, values).fetchone()
    if row is None:
        raise psycopg.DataError(f"no row came back from {query}")
    return int(row[0])

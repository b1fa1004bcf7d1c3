"""
Which changes belong to one transaction of a source: the one function behind every join.

A transaction is (cluster, source name, database, the connector's own id) within a window of time:
PostgreSQL's txId has 32 bits and wraps, and several sources may use the same numbers.
"""

import re

import msgspec

WINDOW = 7 * 86_400_000_000
"""Changes further apart than this (microseconds) are not one transaction."""

_POSTGRESQL_ID = re.compile(r"(\d+):\d+", re.ASCII)


class TransactionIdentity(msgspec.Struct, frozen=True):
    """
    The name of a transaction, without its window of time.

    Attributes:
        cluster_id: Id of the Kafka cluster.
        source_name: Debezium's topic prefix.
        source_database: Database of the source; None where it has none.
        transaction_id: The connector's own id, fit for grouping.
    """

    cluster_id: str
    source_name: str | None
    source_database: str | None
    transaction_id: str


def grouping_id(raw_id: str) -> str:
    """
    The part of a transaction block's id that is the same for all records of the transaction.

    PostgreSQL's is ``txid:lsn`` with an lsn that differs from record to record; others' ids
    (GTIDs, ``file=...,pos=...``, hexadecimal) are the same throughout.
    """
    match = _POSTGRESQL_ID.fullmatch(raw_id)
    return match[1] if match else raw_id


def same_transaction(
    one: TransactionIdentity,
    other: TransactionIdentity,
    *,
    one_at: int,
    other_at: int,
    window: int = WINDOW,
) -> bool:
    """
    Whether two changes belong to one transaction.

    Args:
        one: The transaction that the first change names.
        other: The transaction that the second change names.
        one_at: Change timestamp of the first; microseconds since 1970, UTC.
        other_at: Change timestamp of the second; microseconds since 1970, UTC.
        window: Greatest distance between the two, in microseconds.
    """
    return one == other and abs(one_at - other_at) <= window

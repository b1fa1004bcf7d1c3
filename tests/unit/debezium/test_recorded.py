"""
Every recorded message of a real connector against what the database itself says.

Columns that differ must be explained (`explained`), changes without a counterpart are listed here.
"""

from collections import Counter
from collections.abc import Mapping

import msgspec
import pytest

from domain.audit_record import AuditRecord
from domain.control import ControlMessage
from tests.unit.debezium.explained import EXPLANATIONS
from tests.unit.debezium.recordings import NAMES, decoder_of, recording, truth
from tests.unit.debezium.truth_matching import compared

CENSUS = {
    "01-pg-basic-full": "DELETE=4 INSERT=4 UPDATE=5 tombstone=4",
    "02-pg-basic-default": "DELETE=4 INSERT=4 UPDATE=5 tombstone=4",
    "03-pg-basic-full-schemas": "DELETE=4 INSERT=4 UPDATE=5 tombstone=4",
    "04-pg-types-default": "DELETE=1 INSERT=7 UPDATE=2 tombstone=1",
    "04-pg-types-default-schemas": "DELETE=1 INSERT=7 UPDATE=2 tombstone=1",
    "05-pg-types-connect": "DELETE=1 INSERT=7 UPDATE=2 tombstone=1",
    "05-pg-types-connect-schemas": "DELETE=1 INSERT=7 UPDATE=2 tombstone=1",
    "05-pg-types-microseconds": "DELETE=1 INSERT=7 UPDATE=2 tombstone=1",
    "05-pg-types-microseconds-schemas": "DELETE=1 INSERT=7 UPDATE=2 tombstone=1",
    "05-pg-types-string": "DELETE=1 INSERT=7 UPDATE=2 tombstone=1",
    "06-pg-toast": "DELETE=4 INSERT=6 UPDATE=8 tombstone=4",
    "06-pg-toast-schemas": "DELETE=4 INSERT=6 UPDATE=8 tombstone=4",
    "07-pg-truncate": "INSERT=6 TRUNCATE=5",
    "08-pg-transactions": "DELETE=2 INSERT=10 UPDATE=4 tombstone=2"
    " transaction_begin=6 transaction_end=6",
    "09-pg-messages": "DELETE=1 INSERT=3 UPDATE=2 logical_message=7 tombstone=1",
    "09-pg-messages-schemas": "DELETE=1 INSERT=3 UPDATE=2 logical_message=7 tombstone=1",
    "09-pg-messages-tx": "DELETE=1 INSERT=3 UPDATE=2 logical_message=7 tombstone=1"
    " transaction_begin=5 transaction_end=5",
    "10-pg-keys": "DELETE=16 INSERT=21 UPDATE=5 tombstone=16",
    "11-pg-copy": "INSERT=240",
    "12-pg-snapshots": "DELETE=1 INSERT=29 SNAPSHOT=21 UPDATE=2 notification=23 tombstone=1",
    "13-pg-heartbeat": "INSERT=2 UPDATE=9 heartbeat=10",
    "13-pg-heartbeat-schemas": "INSERT=2 heartbeat=10",
    "14-pg-schema-evolution-slow": "DELETE=1 INSERT=6 UPDATE=7 tombstone=1",
    "14-pg-schema-evolution-slow-schemas": "DELETE=1 INSERT=6 UPDATE=7 tombstone=1",
    "15-pg-cloudevents": "DELETE=2 INSERT=3 UPDATE=1 tombstone=2 transaction=8",
    "15-pg-cloudevents-header-source": "DELETE=1 INSERT=2 UPDATE=1",
    "15-pg-logical-router": "DELETE=1 INSERT=2 UPDATE=1 tombstone=1",
    "15-pg-outbox": "outbox=2",
    "15-pg-unwrap-default": "DELETE=2 UPSERT=4",
    "15-pg-unwrap-delete-to-tombstone": "DELETE=2 INSERT=3 UPDATE=1",
    "15-pg-unwrap-rewrite": "DELETE=2 INSERT=3 UPDATE=1",
    "16-pg-edge": "DELETE=1 INSERT=39 UPDATE=1 tombstone=1",
    "16-pg-edge-schemas": "DELETE=1 INSERT=39 UPDATE=1 tombstone=1",
    "17-mariadb-connect": "DELETE=6 INSERT=17 UPDATE=15 tombstone=6",
    "17-mariadb-default": "DELETE=6 INSERT=17 TRUNCATE=1 UPDATE=15 schema_change=16 tombstone=6"
    " transaction_begin=33 transaction_end=26",
    "17-mariadb-schema-history": "schema_history=16",
    "17-mariadb-snapshot": "SNAPSHOT=4 UPDATE=1",
    "18-mariadb-default-schemas": "DELETE=6 INSERT=17 TRUNCATE=1 UPDATE=15 schema_change=16"
    " tombstone=6 transaction_begin=33 transaction_end=26",
    "19-pg-avro-basic": "DELETE=4 INSERT=4 UPDATE=5 tombstone=4",
    "19-pg-avro-basic-apicurio8": "DELETE=4 INSERT=4 UPDATE=5 tombstone=4",
    "19-pg-avro-types": "DELETE=1 INSERT=7 UPDATE=2 tombstone=1",
    "19-pg-avro-types-invalid-scale": "DELETE=1 INSERT=7 UPDATE=2 tombstone=1",
    "20-pg-workload-sample": "UPDATE=300",
    "21-pg-avro-confluent-converter": "DELETE=2 INSERT=3 UPDATE=1 tombstone=2"
    " transaction_begin=5 transaction_end=5",
}
"""What the records of each recording are."""


class Unmatched(msgspec.Struct, frozen=True):
    """
    Changes of a recording without a counterpart, and why: ``table letter`` to number.

    Attributes:
        why: The reason.
        not_told: What the truth does not tell of.
        not_sent: What was not sent.
        no_change: Offsets of updates that change nothing: events, but no changes.
    """

    why: str
    not_told: Mapping[str, int] = {}
    not_sent: Mapping[str, int] = {}
    no_change: tuple[int, ...] = ()


_NO_OP = Unmatched("an update that changes nothing is an event of PostgreSQL's", no_change=(5,))
_EVOLUTION = Unmatched(
    "what DDL does to rows is not sent, nor what is dropped with a table",
    not_sent={"evo u": 13, "evo d": 2, "late d": 1},
)
_MARIADB = Unmatched(
    "as above; without a key the truth shows an update as d and c, and a TRUNCATE as d",
    not_told={"late c": 1, "late u": 1, "late t": 1},
    not_sent={"orders u": 6, "late c": 1, "late d": 2, "later d": 1},
)
_SHARDS = dict.fromkeys(("shard_0 c", "shard_1 c", "shard_1 u", "shard_0 d"), 1)
_OTHER_TABLES = {**_SHARDS, "outbox c": 2, "outbox d": 1}
_UNWRAPPED = Unmatched(
    "the SMT drops the TRUNCATE; the other tables were not captured",
    not_sent={"orders d": 1, **_OTHER_TABLES},
)
_ORDERS = {"orders c": 3, "orders u": 1, "orders d": 3}

UNMATCHED = {
    "01-pg-basic-full": _NO_OP,
    "02-pg-basic-default": _NO_OP,
    "03-pg-basic-full-schemas": _NO_OP,
    "07-pg-truncate": Unmatched(
        "a TRUNCATE is one event; the truth shows its rows",
        not_told={"a t": 2, "b t": 3},
        not_sent={"a d": 3, "b d": 3},
    ),
    "08-pg-transactions": Unmatched(
        "rows of rolled-back transactions, and a table that was not captured",
        not_sent={"mov c": 2, "other c": 1},
    ),
    "10-pg-keys": Unmatched(
        "a message key changed without the primary key; without a key updates are d and c",
        not_told={"mkc d": 1, "mkc c": 1, "nopk c": 1, "nopk u": 2},
        not_sent={"mkc u": 1, "nopk c": 1, "nopk d": 1},
    ),
    "11-pg-copy": Unmatched("the truth does not list what COPY wrote", not_told={"copied c": 200}),
    "12-pg-snapshots": Unmatched(
        "rows that were there before, and the connectors' own rows in the signal table",
        not_told={"a c": 10, "b c": 11, "dbz_signal c": 24},
    ),
    "13-pg-heartbeat": Unmatched("heartbeat.action.query wrote them", not_told={"hb u": 9}),
    "14-pg-schema-evolution-slow": _EVOLUTION,
    "14-pg-schema-evolution-slow-schemas": _EVOLUTION,
    "15-pg-cloudevents-header-source": Unmatched(
        "the connector failed on a tombstone", not_sent={"orders d": 1, "orders c": 1}
    ),
    "15-pg-logical-router": Unmatched(
        "the other tables were not captured",
        not_sent={**_ORDERS, "outbox c": 2, "outbox d": 1},
    ),
    "15-pg-outbox": Unmatched("no row is sent", not_sent={**_ORDERS, **_OTHER_TABLES}),
    "15-pg-unwrap-default": _UNWRAPPED,
    "15-pg-unwrap-delete-to-tombstone": _UNWRAPPED,
    "15-pg-unwrap-rewrite": _UNWRAPPED,
    "17-mariadb-connect": Unmatched(
        "as below; this connector skips TRUNCATE",
        not_told={"late u": 1},
        not_sent={"orders u": 6, "late d": 2, "later d": 1},
    ),
    "17-mariadb-default": _MARIADB,
    "18-mariadb-default-schemas": _MARIADB,
    "19-pg-avro-basic": _NO_OP,
    "19-pg-avro-basic-apicurio8": _NO_OP,
    "21-pg-avro-confluent-converter": Unmatched(
        "it came without a truth: `test_confluents_avro` compares it with its SQL",
        not_told={"customers c": 3, "customers u": 1, "customers d": 2},
    ),
}

NO_TYPES = {
    "05-pg-types-string": 69,
    "17-mariadb-connect": 45,
    "19-pg-avro-types": 1,
}
"""
Columns that are not compared: these modes write text or numbers whose type no schema tells, and no
recording of the same modes has one. What is stored of them is the wire's own JSON. In Avro, the
column `n52neg` was excluded (finding 14).
"""


@pytest.mark.parametrize("name", NAMES)
def test_every_record_is_what_it_is(name: str) -> None:
    decoder = decoder_of(name)

    results = [decoder.decode(record, 1) for record in recording(name)]

    words = [
        result.operation.value if isinstance(result, AuditRecord) else result.kind.value
        for result in results
        if isinstance(result, AuditRecord | ControlMessage)
    ]
    assert " ".join(f"{word}={n}" for word, n in sorted(Counter(words).items())) == CENSUS[name]
    assert len(words) == len(results)


@pytest.mark.parametrize("name", NAMES)
def test_every_column_is_what_the_database_says(name: str) -> None:
    listed = UNMATCHED.get(name, Unmatched(""))

    found = compared(name)

    assert found.differences == []
    assert found.not_told == Counter(listed.not_told)
    assert found.not_sent == Counter(listed.not_sent)
    assert tuple(found.no_change) == listed.no_change
    assert len(found.unknown) == NO_TYPES.get(name, 0)
    assert found.compared > 0 or not truth(name) or name == "15-pg-outbox"


def test_no_explanation_is_left_over() -> None:
    needed = {why for name in NAMES for why in compared(name).reasons}

    assert needed == {explanation.why for explanation in EXPLANATIONS}

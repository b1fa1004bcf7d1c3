"""
Damages records: at random, and the same for the same numbers.

    original ──▶ parts of JSON cut, doubled, swapped, retyped ──▶ bytes flipped, put in, cut out
        └──▶ key, headers, topic, timestamp likewise, less often         ──▶ mutated record
"""

import random
from collections.abc import Sequence
from typing import TypeVar

from domain.consumed import RawRecord
from tests.mutations.json_spans import Part, Spans
from tests.mutations.originals import Original

T = TypeVar("T")

PLACEHOLDER = b"__debezium_unavailable_value"
VALUES: Sequence[bytes] = (
    *(b"null", b"true", b"false", b"0", b"-1", b"1.5", b"-0.0", b'""', b'"x"', b"[]", b"{}"),
    *(b"[null]", b'[{"a":1}]', b'{"a":{"b":[]}}', b'"1970-01-01"', b'"MTIz"', b'"0x00"', b'"!"'),
    *(b'{"scale":3,"value":"AQ=="}', b'{"wkb":"AQ==","srid":1}', b'{"x":1,"y":2}', b'"NaN"'),
    *(b'"\\u0000"', b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\ud83d\\ude00"', b'"a\\nb\\tc\\\\N"'),
    *(b'"' + PLACEHOLDER + b'"', b'["' + PLACEHOLDER + b'"]', b'"X19kZWJleml1bV91bmF2YWls"'),
    b"[" * 300 + b"]" * 300,
)
HUGE: Sequence[bytes] = (
    *(b"1e999999", b"-1e-999999", b"1e400", b"1e308", b"9" * 400, b"-" + b"9" * 5000),
    *(b"0." + b"0" * 400 + b"1", b"9223372036854775807", b"9223372036854775808"),
    *(b"-9223372036854775809", b"18446744073709551616", b"9007199254740993", b"1" + b"0" * 30),
    *(b"2147483648", b"253402300800000", b"99999999999999999", b"-62135596800001"),
)
TAILS: Sequence[bytes] = (b"0" * 30, b".50", b"e5", b"e-400", b"9")
MEANINGS: Sequence[bytes] = (
    *(b'"bytes"', b'"struct"', b'"array"', b'"map"', b'"double"', b'"int64"', b'"string"'),
    *(b'"io.debezium.time.MicroTimestamp"', b'"io.debezium.time.Date"', b'"io.debezium.data.Bits"'),
    *(b'"io.debezium.time.NanoTimestamp"', b'"io.debezium.time.MicroDuration"'),
    *(b'"io.debezium.time.ZonedTimestamp"', b'"io.debezium.time.Year"', b'"io.debezium.data.Json"'),
    *(b'"org.apache.kafka.connect.data.Decimal"', b'"io.debezium.data.VariableScaleDecimal"'),
    *(b'"io.debezium.data.geometry.Point"', b'"io.debezium.data.SparseDoubleVector"'),
    *(b'{"scale":"-3"}', b'{"scale":"1e9"}', b'{"scale":"100000"}', b'{"length":"x"}'),
    *(b'{"truncateLength":"3"}', b'{"masked":"true"}', b'{"allowed":"a,b"}'),
)
NAMES: Sequence[bytes] = (
    *(b'"op"', b'"before"', b'"after"', b'"source"', b'"schema"', b'"payload"', b'"ts_ms"'),
    *(b'"type"', b'"name"', b'"fields"', b'"items"', b'"parameters"', b'"field"', b'"version"'),
    *(
        b'"transaction"',
        b'"id"',
        b'"table"',
        b'"db"',
        b'"__op"',
        b'"__deleted"',
        b'""',
        b'"\\u0000"',
    ),
    *(
        b'"\\ud800"',
        b'"added"',
        b'"txId"',
        b'"lsn"',
        b'"connector"',
        b'"message"',
        b'"specversion"',
    ),
)
HEADERS: Sequence[str] = (
    *("__op", "__deleted", "__source_ts_ms", "__debezium.oldkey", "__debezium.newkey", "id"),
    *("value.schemaId", "apicurio.value.globalId", "apicurio.key.contentId", "x", "", "\ud800"),
    *("__connect.errors.exception.class.name", "__debezium.context.connectorName", "ce_id", "\0"),
)
TOPICS: Sequence[str] = (
    *("__debezium-heartbeat.srv1", "srv1.transaction", "outbox.event.order", "srv1-signal"),
    *("srv1", "srv1.public.customers", "", "a\tb\nc\\N", "é"),
)
TIMESTAMPS: Sequence[int] = (-1, 0, 1_700_000_000_000, 10**13, 2**62, 2**63 - 1, -(2**63))
PIECES: Sequence[bytes] = (
    *(
        b"",
        b"\0",
        b"\xff",
        b"\xc3",
        b"\xed\xa0\x80",
        b"{",
        b"}",
        b"[" * 300,
        b'"',
        b"\\",
        b"\\u0000",
    ),
    *(
        b"\\ud800",
        b"\n",
        b"\t",
        b"\\N",
        b",",
        b":",
        b"null",
        b"1e999",
        PLACEHOLDER,
        b"\xef\xbb\xbf",
    ),
)


class Mutator:
    """
    Damages records of one shape.

    Args:
        originals: The shape's records.
        weights: How often each is chosen.
    """

    def __init__(self, originals: Sequence[Original], weights: Sequence[float]) -> None:
        self._originals = originals
        self._weights = weights

    def mutated(self, seed: int, number: int) -> RawRecord:
        """The damaged record of a number: another number, another record."""
        chance = random.Random((seed << 64) + number)  # noqa: S311 - no secret
        original = self._original(chance)
        record = original.record
        value, key = record.value, record.key
        if chance.random() < 0.95:
            value = self._bytes(chance, value, original.value_spans, "value")
        if chance.random() < 0.2:
            key = self._bytes(chance, key, original.key_spans, "key")
        rare = chance.random()
        return RawRecord(
            topic=chance.choice(TOPICS) if rare < 0.05 else record.topic,
            partition=0,
            offset=number,
            timestamp=chance.choice(TIMESTAMPS) if rare > 0.9 else record.timestamp,
            key=key,
            value=value,
            headers=_headers(chance, record.headers) if chance.random() < 0.15 else record.headers,
        )

    def _original(self, chance: random.Random) -> Original:
        return chance.choices(self._originals, self._weights)[0]

    def _bytes(
        self, chance: random.Random, data: bytes | None, spans: Spans, side: str
    ) -> bytes | None:
        if data is None or chance.random() < 0.02:
            other = self._original(chance).record
            return chance.choice([None, b"", other.key, other.value, b"null", b'"x"', b"5"])
        if spans and chance.random() < 0.85:
            return _structure(chance, data, spans)
        other = self._original(chance).record
        return _raw(chance, data, (other.key if side == "key" else other.value) or b"")


def _structure(chance: random.Random, data: bytes, spans: Spans) -> bytes:
    """JSON with one to four parts changed: from behind, so that the places before stay."""
    in_schema = [part for part in spans if part.in_schema]
    chosen: list[Part] = []
    for _ in range(chance.choice([1, 1, 1, 2, 2, 4])):
        from_schema = in_schema and chance.random() < 0.4
        outside = chance.choice(spans)
        part = chance.choice(in_schema) if from_schema else outside
        if not any(part.start < other.end and other.start < part.end for other in chosen):
            chosen.append(part)
    for part in sorted(chosen, reverse=True):
        data = data[: part.start] + _changed(chance, data, part, spans) + data[part.end :]
        if data[part.start : part.start + 1] == b",":
            data = _without_comma(data, part.start)
    return data


def _changed(chance: random.Random, data: bytes, part: Part, spans: Spans) -> bytes:
    """What stands in the place of a part."""
    value, name = data[part.value : part.end], data[part.start : part.value]
    other = chance.choice(spans)
    behind = data[other.value : other.end] if other.end <= part.start else value[:1]
    another = chance.choice(VALUES)
    is_number = value[:1] in b"-0123456789"
    return chance.choice(
        (
            b"",
            name + value + b"," + name + chance.choice((value, another)),
            name + behind,
            chance.choice(NAMES) + b":" + value if name else another,
            name + chance.choice(HUGE),
            name + chance.choice(MEANINGS),
            name + value + chance.choice(TAILS) if is_number else name + another,
            name + another,
        )
    )


def _without_comma(data: bytes, at: int) -> bytes:
    return data[:at] + data[at + 1 :]


def _raw(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """Any bytes with one to four places changed."""
    for _ in range(chance.choice([1, 1, 2, 4])):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(6)
        if kind == 0 and at < len(data):
            data = data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
        elif kind == 1:
            data = data[:at] + chance.choice(PIECES) + data[at:]
        elif kind == 2:
            data = data[:at] + data[at + chance.randrange(1, 9) :]
        elif kind == 3:
            data = (
                data[:at] if chance.random() < 0.3 else data[:at] + data[at : at + 20] + data[at:]
            )
        elif kind == 4:
            data = data[:at] + other[chance.randrange(len(other) + 1) :]
        else:
            data = data[:at] + chance.randbytes(chance.randrange(1, 6)) + data[at + 1 :]
    return data


def _headers(
    chance: random.Random, headers: Sequence[tuple[str, bytes | None]]
) -> tuple[tuple[str, bytes | None], ...]:
    changed = list(headers)
    for _ in range(chance.randrange(1, 4)):
        if changed and chance.random() < 0.5:
            at = chance.randrange(len(changed))
            name, value = changed.pop(at)
            if chance.random() < 0.7:
                changed.insert(at, (name, _raw(chance, value or b"", b"true")))
        else:
            value = chance.choice(
                [None, b"", b"d", b"true", b"\0", b"\xff", b"1" * 30, b'{"id":1}']
            )
            changed.append((chance.choice(HEADERS), value))
    return tuple(changed)

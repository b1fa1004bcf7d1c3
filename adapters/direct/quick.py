"""
Which conversions of columns are quicker in compiled code, where that is there.

    semantic type ──▶ compiled conversion ──▶ (what is not ordinary) ──▶ the decoder's own
"""

from collections.abc import Collection

from application.ordinary_ports import Canonical, Conversion

try:
    from adapters.direct import quick_conversions as compiled
except ImportError:  # it was installed where there is no C compiler
    compiled = None  # type: ignore[assignment]

MOST_SCALE = 40
"""The compiled module has room for so many digits behind the point."""

LONGEST_DECIMAL = 12
"""Characters of base64 that it takes."""

_DATES = ("io.debezium.time.Date", "org.apache.kafka.connect.data.Date")
_TIMES = {
    "io.debezium.time.Time": 3,
    "io.debezium.time.MicroTime": 6,
    "io.debezium.time.NanoTime": 9,
    "org.apache.kafka.connect.data.Time": 3,
}
_TIMESTAMPS = {
    "io.debezium.time.Timestamp": 3,
    "io.debezium.time.MicroTimestamp": 6,
    "io.debezium.time.NanoTimestamp": 9,
    "org.apache.kafka.connect.data.Timestamp": 3,
}
_DECIMAL = "org.apache.kafka.connect.data.Decimal"


def quickest(conversion: Conversion, stand_ins: Collection[str]) -> Canonical:
    """
    The quickest way to what a conversion gives.

    Args:
        conversion: The decoder's own.
        stand_ins: Texts that stand for a value that was not sent: it refuses them.
    """
    own, name = conversion.canonical, conversion.semantic_type
    if compiled is None:
        return own
    if name in _DATES:
        return compiled.QuickDate(own)
    if name in _TIMES:
        return compiled.QuickTime(own, _TIMES[name])
    if name in _TIMESTAMPS:
        return compiled.QuickTimestamp(own, _TIMESTAMPS[name])
    if (
        name == _DECIMAL
        and 0 <= conversion.scale <= MOST_SCALE
        and not any(len(text) <= LONGEST_DECIMAL for text in stand_ins)
    ):
        return compiled.QuickDecimal(own, conversion.scale)
    return own

"""
Where a recorded value differs from the database's own, and why: all of it happened at the source.

The numbers are those of the findings in `tests/data/debezium/recorded/README.md`.
"""

import base64
import json
import re
import struct
from collections.abc import Callable, Collection
from typing import Any

import msgspec

from tests.unit.debezium.database_text import hstore, iso


class Explanation(msgspec.Struct, frozen=True):
    """
    Why values of some columns differ.

    Attributes:
        columns: Names of the columns, in all recordings.
        why: What Debezium or its configuration did.
        fits: Whether the database's text and the image's value differ in just this way.
    """

    columns: Collection[str]
    why: str
    fits: Callable[[str | None, Any], bool]


def explanation(column: str, database: str | None, image: Any) -> Explanation | None:  # noqa: ANN401 - JSON
    """The explanation of a difference; None if there is none."""
    for one in EXPLANATIONS:
        if column in one.columns and one.fits(database, image):
            return one
    return None


def _same_float(database: str | None, image: Any) -> bool:  # noqa: ANN401 - JSON
    return database is not None and struct.pack("f", float(database)) == struct.pack(
        "f", float(image)
    )


def _same_hstore(database: str | None, image: Any) -> bool:  # noqa: ANN401 - JSON
    value = json.loads(image) if isinstance(image, str) else image
    return database is not None and hstore(database) == value


def _bytes_as_text(database: str | None, image: Any) -> bool:  # noqa: ANN401 - JSON
    found = re.findall(r"\\x([0-9a-f]*)", database or "")
    written: list[Any] = [image] if isinstance(image, str) else image
    data = [bytes.fromhex(digits) for digits in found]
    return written in (
        [one.hex() for one in data],
        [base64.b64encode(one).decode() for one in data],
        [base64.urlsafe_b64encode(one).decode() for one in data],
    )


def _same_bits(database: str | None, image: Any) -> bool:  # noqa: ANN401 - JSON
    return database is not None and int(database.removeprefix("b:"), 2) == int(image, 2)


EXPLANATIONS = (
    Explanation(
        columns={"paid", "def"},
        why="1: NULL in a column with a default arrives as the default",
        fits=lambda database, image: database is None and image in (False, 0, "dflt"),
    ),
    Explanation(
        columns={"n"},
        why="3: NaN and infinities of numeric arrive as null",
        fits=lambda database, image: database in {"NaN", "Infinity", "-Infinity"} and image is None,
    ),
    Explanation(
        columns={"nm"}, why="4: type `name` arrives as null", fits=lambda _, image: image is None
    ),
    Explanation(
        columns={"by", "a_by"},
        why="binary.handling.mode hex and base64-url-safe: text without a logical name",
        fits=_bytes_as_text,
    ),
    Explanation(
        columns={"ts6"},
        why="17: the last timestamp of PostgreSQL overflows to a negative number",
        fits=lambda database, image: (
            (database, image) == ("294276-12-31 23:59:59.999999", "-290308-12-21T19:59:06.224190")
        ),
    ),
    Explanation(
        columns={"ti", "ts", "ts6"},
        why="time.precision.mode connect: microseconds are cut to milliseconds",
        fits=lambda database, image: iso(database or "")[: -len(".999") + 1].startswith(image),
    ),
    Explanation(
        columns={"vb"},
        why="20: bit varying carries its greatest length, not its own",
        fits=lambda database, image: image == (database or "").rjust(10, "0"),
    ),
    Explanation(
        columns={"c10"},
        why="21: char(n) arrives padded, the cast to text cuts the blanks",
        fits=lambda database, image: image.rstrip() == database,
    ),
    Explanation(columns={"hs", "big_hs"}, why="21: hstore arrives as JSON", fits=_same_hstore),
    Explanation(
        columns={"ine"},
        why="the cast of inet to text adds the full netmask",
        fits=lambda database, image: database == f"{image}/128",
    ),
    Explanation(
        columns={"en"},
        why="26: MariaDB's ENUM values with a comma arrive with a backslash",
        fits=lambda database, image: (database or "").replace(",", r"\,") == image,
    ),
    Explanation(
        columns={"y", "ts", "dt6"},
        why="26: year 0 and zero timestamps become others, years below 100 are adjusted",
        fits=lambda database, image: (database or "")[:3] == "000" and image is not None,
    ),
    Explanation(
        columns={"da", "dt", "dt6"},
        why="26: zero and partial dates arrive as null",
        fits=lambda database, image: "-00" in (database or "") and image is None,
    ),
    Explanation(
        columns={"f73"},
        why="26: float(7,3) is the double of the float",
        fits=_same_float,
    ),
    Explanation(
        columns={"bit8", "bit12", "bit64"},
        why="the truth shows MariaDB's bits without leading zeros",
        fits=_same_bits,
    ),
    Explanation(
        columns={"pt", "poly"},
        why="the truth shows SRID 0 where there is none",
        fits=lambda database, image: database == f"SRID=0;{image}",
    ),
)

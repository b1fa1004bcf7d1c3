"""Times as people write them on a command line."""

from datetime import UTC, datetime

import pytest
import typer

from entrypoints.http.page_times import iso
from entrypoints.reading.moments import read_moment

NOW = datetime(2026, 3, 1, 14, 30, 15, 250, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-07-01", "2026-07-01T00:00:00.000000Z"),
        ("2026-07-01T09:30", "2026-07-01T09:30:00.000000Z"),
        ("2026-07-01T09:30:00+02:00", "2026-07-01T07:30:00.000000Z"),
        ("2026-07-01T09:30:00.123456Z", "2026-07-01T09:30:00.123456Z"),
        ("now", "2026-03-01T14:30:15.000250Z"),
        ("Today", "2026-03-01T00:00:00.000000Z"),
        ("yesterday", "2026-02-28T00:00:00.000000Z"),
        ("30s", "2026-03-01T14:29:45.000250Z"),
        ("15m", "2026-03-01T14:15:15.000250Z"),
        ("2h ago", "2026-03-01T12:30:15.000250Z"),
        ("3 d", "2026-02-26T14:30:15.000250Z"),
        ("1w", "2026-02-22T14:30:15.000250Z"),
    ],
)
def test_a_time_is_iso_8601_or_how_long_ago_or_a_day(text: str, expected: str) -> None:
    assert iso(read_moment("TIME", text, now=NOW)) == expected


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-13-01", "2x", "-2h", "999999w", "0001-01-01T00:00+14:00"]
)
def test_what_is_no_time_is_refused_with_the_forms_that_are(text: str) -> None:
    with pytest.raises(typer.BadParameter, match=r"--since: .* is no time\. Write 2026-07-01"):
        read_moment("--since", text, now=NOW)

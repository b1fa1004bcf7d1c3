"""Finding the line of a key in a TOML document."""

import pytest

from entrypoints.toml_lines import line_of

DOCUMENT = """\
# settings
debug = true
http = { port = 8080, host = "localhost" }
kafka.group_id = "dotted"

[ sink_database ]   # of the trail
"port" = 5432
topics = [
  "one",
]
[[ decoder.masking ]]
column = "x"
"""


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("debug", 2),
        ("http.port", 3),
        ("kafka.group_id", 4),
        ("sink_database.port", 7),
        ("sink_database.topics", 8),
        ("sink_database.host", 6),
        ("decoder.masking", 11),
        ("elsewhere.port", 1),
    ],
)
def test_a_key_is_found_however_it_is_written(name: str, line: int) -> None:
    assert line_of(DOCUMENT, name) == line

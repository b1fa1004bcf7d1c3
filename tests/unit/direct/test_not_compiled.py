"""Without the compiled module everything works, in steps."""

import subprocess
import sys

PROGRAM = """
import sys
for name in ("envelope_line", "quick_conversions"):
    sys.modules[f"adapters.direct.{name}"] = None  # what an import of it then raises is real

from adapters.debezium.decoder import DebeziumDecoder
from adapters.direct.lines import IS_COMPILED, DirectLines, best_lines
from adapters.direct.quick import quickest
from application.ordinary_ports import Conversion
from adapters.postgres.row_encoder import PostgresRowEncoder
from tests.unit.direct.envelopes import a_plain_record, a_run, plain

lines = best_lines(DebeziumDecoder(), PostgresRowEncoder(1))
print(IS_COMPILED, type(lines).__name__, a_run(lines, a_plain_record(plain("u"))) is not None)
own = Conversion(bytes, "io.debezium.time.Date")
print(quickest(own, ()) is own.canonical)
try:
    DirectLines(DebeziumDecoder(), PostgresRowEncoder(1))
except ImportError as error:
    print(error)
"""


def test_lines_are_made_in_steps() -> None:
    done = subprocess.run(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines() == [
        "False LinesInSteps True",
        "True",
        "adapters.direct.envelope_line is not compiled here",
    ]

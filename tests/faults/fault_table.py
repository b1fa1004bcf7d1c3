"""
The table of a run of faults: what was done how often, what it cost, and how soon all was well.

    each test ──▶ FaultTable.add ──▶ pytest's summary, and build/faults.json
"""

import statistics
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from tests.faults.comparison import Comparison

FILE = Path(__file__).parents[2] / "build" / "faults.json"

_SUMMED = ("times", "records", "lost", "repeated", "invented", "unaccounted")


class FaultRow(msgspec.Struct, frozen=True, kw_only=True):
    """
    One fault.

    Attributes:
        fault: What was done.
        times: How often.
        records: How many records were written meanwhile.
        lost: Written, and not in the trail.
        repeated: In the trail more often than written.
        invented: In the trail, and never written so.
        unaccounted: Partitions whose accounting does not hold.
        recovery: Seconds from the fault's end to the next commit, of each time that was measured.
    """

    fault: str
    times: int
    records: int
    lost: int
    repeated: int
    invented: int
    unaccounted: int
    recovery: Sequence[float] = ()

    @property
    def cells(self) -> Sequence[str]:
        """The row as it is shown."""
        counts = (self.times, self.records, self.lost, self.repeated, self.invented)
        return (self.fault, *(f"{count:,}" for count in counts), *self._seconds())

    def and_also(self, other: "FaultRow") -> "FaultRow":
        """Give the row of both, of the same fault."""
        sums = {name: getattr(self, name) + getattr(other, name) for name in _SUMMED}
        recovery = [*self.recovery, *other.recovery]
        return msgspec.structs.replace(self, **sums, recovery=recovery)

    def _seconds(self) -> tuple[str, str]:
        if not self.recovery:
            return ("", "")
        return (f"{statistics.median(self.recovery):.1f} s", f"{max(self.recovery):.1f} s")


class FaultTable:
    """Collects the rows of one run: one for each fault."""

    def __init__(self) -> None:
        self._rows: dict[str, FaultRow] = {}

    @property
    def rows(self) -> Sequence[FaultRow]:
        """The rows, in the order in which the faults first came."""
        return list(self._rows.values())

    def add(
        self, fault: str, found: Comparison, *, times: int = 1, recovery: Sequence[float] = ()
    ) -> None:
        """Add what was found after a fault, to what was found after it before."""
        row = FaultRow(
            fault=fault,
            times=times,
            records=found.records,
            lost=len(found.lost),
            repeated=len(found.repeated),
            invented=len(found.invented),
            unaccounted=len(found.unaccounted),
            recovery=[round(seconds, 3) for seconds in recovery],
        )
        before = self._rows.get(fault)
        self._rows[fault] = before.and_also(row) if before else row

    def write(self, file: Path = FILE) -> None:
        """Write the rows as JSON."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(msgspec.json.format(msgspec.json.encode(self.rows), indent=1) + b"\n")

    def show(self, console: Console) -> None:
        """Print the rows as a table."""
        table = Table(title="Faults")
        table.add_column("fault")
        for heading in ("times", "records", "lost", "repeated", "invented", "recovery", "longest"):
            table.add_column(heading, justify="right")
        for row in self.rows:
            table.add_row(*row.cells)
        console.print(table)

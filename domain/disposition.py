"""What became of a consumed record, and how many of each: the accounting identity."""

import enum

import msgspec


class Disposition(enum.StrEnum):
    """What became of a consumed record. Exactly one of these, for every record."""

    AUDITED = "audited"
    BASELINE = "baseline"
    CONTROL = "control"
    SKIPPED = "skipped"
    QUARANTINED = "quarantined"


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """
    How many offsets of one stream partition had which fate.

    ``next_offset - first_offset = audited + baseline + control + skipped + quarantined + absent``

    Attributes:
        audited: Changes stored in the trail.
        baseline: Rows read while bootstrapping, stored in the trail (operation SNAPSHOT).
        control: Control messages: heartbeats, transaction boundaries, tombstones, ...
        skipped: Left out by a rule of ours.
        quarantined: Could not be audited; bytes kept, open or resolved without a row.
        absent: Offsets that carry no record: transaction markers, aborted or compacted records.
    """

    audited: int = 0
    baseline: int = 0
    control: int = 0
    skipped: int = 0
    quarantined: int = 0
    absent: int = 0

    @property
    def total(self) -> int:
        """The number of offsets accounted for."""
        return (
            self.audited
            + self.baseline
            + self.control
            + self.skipped
            + self.quarantined
            + self.absent
        )

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            audited=self.audited + other.audited,
            baseline=self.baseline + other.baseline,
            control=self.control + other.control,
            skipped=self.skipped + other.skipped,
            quarantined=self.quarantined + other.quarantined,
            absent=self.absent + other.absent,
        )

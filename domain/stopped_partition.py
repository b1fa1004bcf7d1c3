"""A partition whose log is damaged: it stops there, the others go on, and an operator decides."""

import msgspec

from domain.stream import StreamPartition


class StoppedPartition(msgspec.Struct, frozen=True, kw_only=True):
    """
    A stream partition that cannot be read on.

    Attributes:
        partition: The stream partition.
        offset: First offset that cannot be read. The trail has everything before it.
        resume_at: First offset behind it that can be read; the log's end where there is none.
        problem: What was seen.
    """

    partition: StreamPartition
    offset: int
    resume_at: int
    problem: str

    @property
    def command(self) -> str:
        """The command that gives up what cannot be read, and nothing else."""
        return (
            f"cdc-audit stream skip {self.partition.topic} {self.partition.partition} "
            f"--from {self.offset} --to {self.resume_at} --cause corrupt --reason TEXT"
        )

    @property
    def reason(self) -> str:
        """What happened, and what to do, in words."""
        return (
            f"topic {self.partition.topic}, partition {self.partition.partition} cannot be read at "
            f"offset {self.offset}: {self.problem}. It is tried again until it works: a replica "
            f"without the damage mends it. To give up the offsets {self.offset} to "
            f"{self.resume_at - 1} for good, as a gap, run `{self.command}`; this service then "
            f"goes on by itself."
        )

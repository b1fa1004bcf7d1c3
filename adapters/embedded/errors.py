"""What can go wrong with the servers that we start ourselves."""

from pathlib import Path

from domain.errors import CdcAuditError


class EmbeddedServerError(CdcAuditError):
    """
    A server that we start ourselves could not be found, started or kept running. Not retryable.

    Attributes:
        server: Which server, in words.
    """

    def __init__(self, server: str, problem: str, *, log: Path | None = None) -> None:
        lines = last_lines(log)
        shown = f"\nThe last lines of {log}:\n{lines}" if lines else ""
        super().__init__(f"{server}: {problem}{shown}")
        self.server = server


def last_lines(log: Path | None, *, count: int = 12) -> str:
    """The last `count` lines of a log, indented; empty where there is none."""
    if log is None:
        return ""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 16_384))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(f"  {line}" for line in text.splitlines()[-count:] if line.strip())

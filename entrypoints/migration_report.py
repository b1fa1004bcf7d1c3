"""What `cdc-audit migrate` did, for people, programs and database administrators."""

import sys
from typing import TextIO

import msgspec

from adapters.postgres.migrations import MigrationReport


def print_migration(
    report: MigrationReport, *, as_json: bool, stream: TextIO | None = None
) -> None:
    """Print `report`: lines of text, or one JSON object."""
    target = sys.stdout if stream is None else stream
    if as_json:
        target.write(msgspec.json.encode(report).decode() + "\n")
        return
    where = f"{report.database}, schema {report.schema}"
    if report.applied:
        target.write(f"{where}: version {report.found_version} -> {report.version}\n")
        target.writelines(f"  applied {name}\n" for name in report.applied)
    else:
        target.write(f"{where}: version {report.version}, nothing to apply\n")
    if report.partitions_made:
        target.write(f"  made {report.partitions_made} partitions\n")
    if report.for_dba:
        target.write(
            "\nThis user may not do the rest. Let somebody run, who may:\n\n"
            + "".join(f"{statement.rstrip(';')};\n" for statement in report.for_dba)
            + "\nand then run `cdc-audit migrate` again.\n"
        )

"""
Damage records, decode them, and show what became of them.

    python -m tests.mutations --count 1000000 --seed 1 [--start N] [--no-store]

Every record must become a change, a control message, a skip or quarantine: nothing else, and never
by an exception. What must not be is written to build/mutations.txt, and the exit status is 1. A run
that was broken off goes on with ``--start``; one batch is run again with ``--start N --count 500``.
"""

import argparse
import resource
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console
from rich.progress import Progress as Bar
from rich.table import Table

from tests.mutations.campaign import BATCH, Campaign, Progress
from tests.mutations.originals import every_shape
from tests.mutations.storing import StoredSample, stored_sample

OUTPUT = Path("build") / "mutations.txt"
OUTCOMES = ("change", "control", "skip", "quarantine", "refused")
_MOST_SHOWN = 20


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; 1 if something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="records; default %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other records")
    parser.add_argument("--start", type=int, default=0, help=f"first record, a multiple of {BATCH}")
    parser.add_argument("--store-every", type=int, default=100, help="store one batch of so many")
    parser.add_argument("--no-store", action="store_true", help="without PostgreSQL")
    arguments = parser.parse_args(argv)
    with nullcontext() if arguments.no_store else stored_sample() as sample:
        progress = _run(arguments, sample)
        selected = sample.count() if sample is not None else 0
    _show(progress, f"seed {arguments.seed}, from {arguments.start}", selected)
    return 1 if progress.findings else 0


def _run(arguments: argparse.Namespace, sample: StoredSample | None) -> Progress:
    campaign = Campaign(
        every_shape(),
        arguments.seed,
        store=None if sample is None else sample.keep,
        store_every=arguments.store_every,
    )
    with Bar(console=Console(stderr=True)) as bar:
        task = bar.add_task("mutated records", total=arguments.count)
        try:
            for progress in campaign.run(arguments.count, start=arguments.start):
                bar.update(task, completed=progress.done)
        except KeyboardInterrupt:
            done = arguments.start + campaign.progress.done
            bar.console.print(f"go on with --seed {arguments.seed} --start {done}")
    return campaign.progress


def _show(progress: Progress, which: str, selected: int) -> None:
    console = Console(width=max(100, Console().width))
    table = Table("shape", *OUTCOMES, "all")
    names = sorted({name for name, _ in progress.outcomes})
    for name in names:
        counts = [progress.outcomes[name, outcome] for outcome in OUTCOMES]
        table.add_row(name, *(f"{count:,}" for count in (*counts, sum(counts))))
    totals = [sum(progress.outcomes[name, outcome] for name in names) for outcome in OUTCOMES]
    table.add_section()
    table.add_row("all", *(f"{count:,}" for count in (*totals, sum(totals))))
    console.print(table)
    took, shape, first = progress.slowest
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    console.print(
        f"{progress.done:,} records ({which}); {progress.stored:,} of them stored, and "
        f"{selected:,} rows selected from audit_trail; slowest batch {took:.1f} s "
        f"({shape}, from {first}); {memory} MiB at most; {len(progress.findings)} findings",
        markup=False,
    )
    _write(progress)
    for finding in progress.findings[:_MOST_SHOWN]:
        console.print(f"{finding.shape}, from {finding.first}: {finding.text}", markup=False)


def _write(progress: Progress) -> None:
    OUTPUT.parent.mkdir(exist_ok=True)
    lines = [f"{f.shape}, from {f.first}: {f.text!r}\n" for f in progress.findings]
    OUTPUT.write_text("".join(lines), encoding="utf-8", errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())

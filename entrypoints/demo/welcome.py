"""What a person is told when the demo is up."""

import shlex
import shutil
import sys

from rich.console import Console

from entrypoints.demo.chain import Chain
from entrypoints.demo.shop import STATEMENTS_TO_TRY


def print_welcome(chain: Chain, console: Console) -> None:
    """Say where everything is, and what to try."""
    ports = chain.options.ports
    lines = [""]
    if ports.taken:
        taken = ", ".join(str(port) for port in ports.taken)
        lines.append(f"Another program has port {taken}: other ports were taken instead.")
    lines += [
        f"The page:      {chain.page_url}",
        f"Health:        http://127.0.0.1:{ports.health}/health",
        f"Metrics:       http://127.0.0.1:{ports.metrics}/metrics",
        f"The source:    {client_command(chain)}",
        f"The trail:     {client_command(chain, trail=True)}",
        "",
        "Change something in the source, and watch it arrive on the page:",
        *(f"  {statement}" for statement in STATEMENTS_TO_TRY),
        "",
        "Ctrl-C ends the demo and removes everything that it made.",
    ]
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.file.flush()


def client_command(chain: Chain, *, trail: bool = False) -> str:
    """Give a command that connects to the source or to the trail: psql, or our own little one."""
    dsn = chain.trail_dsn if trail else chain.shop_dsn
    psql = "psql" if shutil.which("psql") else chain.psql
    if psql:
        return shlex.join([psql, dsn])
    return shlex.join([sys.executable, "-m", "entrypoints.demo.sql", dsn])

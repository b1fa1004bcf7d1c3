"""`python -m entrypoints.demo`: the demo without the command line of the service."""

import argparse
import sys

from domain.errors import CdcAuditError
from entrypoints.demo.command import DemoOptions, demo
from entrypoints.demo.ports import PAGE


def main(arguments: list[str]) -> int:
    """Run the demo as `arguments` say."""
    parser = argparse.ArgumentParser(prog="python -m entrypoints.demo")
    parser.add_argument("--quiet-source", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--json", action="store_true", dest="as_json")
    parser.add_argument("--engine", choices=["inprocess", "ray"], default="inprocess")
    parser.add_argument("--port", type=int, default=PAGE)
    try:
        return demo(DemoOptions(**vars(parser.parse_args(arguments))))
    except CdcAuditError as error:
        sys.stderr.write(f"cdc-audit: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

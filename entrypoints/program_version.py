"""The version of this program."""

from importlib.metadata import PackageNotFoundError, version


def program_version() -> str:
    """Give the installed version; ``0+unknown`` in a source tree that is not installed."""
    try:
        return version("cdc-audit")
    except PackageNotFoundError:
        return "0+unknown"

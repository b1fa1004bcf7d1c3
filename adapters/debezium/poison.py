"""What is wrong with an undecodable record, in one form: a short reason, and what was seen."""

from domain.errors import TransformationError, ValidationError

_SHOWN_BYTES = 64


def invalid(reason: str, detail: str) -> ValidationError:
    """The record is no valid Debezium message. `reason` is a short stable word for it."""
    return ValidationError(f"{reason}: {detail}", summary=reason)


def undecodable(reason: str, detail: str) -> TransformationError:
    """The record is a valid message that cannot become an audit record."""
    return TransformationError(f"{reason}: {detail}", summary=reason)


def shown(data: bytes | memoryview) -> str:
    """The first bytes of `data` for a message: as text where it is text."""
    first = bytes(data[:_SHOWN_BYTES])
    more = "..." if len(data) > _SHOWN_BYTES else ""
    try:
        return repr(first.decode()) + more
    except UnicodeDecodeError:
        return f"0x{first.hex()}{more}"

"""
Errors of records that hold secrets: what is wrong, without a value of the record.

An error's text quotes what was seen. Where a rule on columns may concern the record, that would be
a leak: then only its summary is told, which names the reason and the column.
"""

from domain.errors import (
    NotAChangeError,
    RecordTooLargeError,
    SchemaNotFoundError,
    TransformationError,
)

_HARMLESS = (NotAChangeError, RecordTooLargeError, SchemaNotFoundError)
"""Their texts tell sizes, names and numbers of schemas."""


def unquoted(error: Exception) -> str:
    """What is wrong, without a value of the record."""
    if isinstance(error, _HARMLESS):
        return str(error)
    summary = error.summary if isinstance(error, TransformationError) else None
    known = summary or f"decoding failed ({type(error).__name__})"
    return f"{known}. No more is told: a rule on columns may concern what the record holds."


def without_quotes(error: TransformationError) -> TransformationError:
    """Give the error itself, which now says no value of the record, nor knows who did."""
    error.args = (unquoted(error),)
    error.__cause__ = error.__context__ = None
    return error

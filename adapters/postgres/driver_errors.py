"""
What psycopg's errors mean to us: poison, fencing, or trouble.

Judged by SQLSTATE, not by class: psycopg counts "stack depth limit exceeded" (a JSON text that is
too deep: the row's fault) and "disk full" (nobody's) as one OperationalError. What is not known
to be the row's fault is trouble: waiting loses nothing, quarantining the innocent does.
"""

import re
from collections.abc import Generator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.sql_files import wanted_version
from domain.errors import (
    ConnectionError,  # noqa: A004 - the documented name
    DuplicateKeyError,
    QueryTooWideError,
    RepositoryError,
    SchemaVersionError,
)

# Data exceptions, integrity constraints, program limits (too deep, too long, too complex).
_REFUSED_CLASSES = frozenset({"22", "23", "54"})
# The caller's own values or statement: not worth a retry in a repository.
_CALLERS_CLASSES = frozenset({"22", "23", "42", "54"})

_FAILURES = "All failures were:"
_ITEM = re.compile(r"^- host: [^\n]*?: (?=connection |failed )", re.MULTILINE)
_MOST_FAILURES = _MOST_LINES = 3


def is_row_refused(error: psycopg.Error) -> bool:
    """Whether the content of a row is at fault: then it is isolated and quarantined."""
    if isinstance(error, errors.UniqueViolation) or is_partition_missing(error):
        return False
    return (error.sqlstate or "")[:2] in _REFUSED_CLASSES


def is_partition_missing(error: psycopg.Error) -> bool:
    """Whether a row found no partition: somebody detached or dropped one that we had seen."""
    # PostgreSQL has one SQLSTATE for this and for CHECK, but only a CHECK has a name.
    return isinstance(error, errors.CheckViolation) and error.diag.constraint_name is None


def reason(error: Exception, config: DatabaseConfig) -> str:
    """Say in one line what went wrong: no row's content, no password."""
    primary = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    text = _one_line((primary or str(error)).strip() or type(error).__name__)
    return text.replace(config.password, "(hidden)") if len(config.password) > 3 else text  # noqa: PLR2004


def _one_line(text: str) -> str:
    """Join lines to sentences; of several failures, as of a host's addresses, the first ones."""
    failures = _ITEM.split(text.partition(_FAILURES)[2])[1:] or [text]
    parted = [[line.strip() for line in one.splitlines()[:_MOST_LINES]] for one in failures]
    told = [lines[0] for lines in parted[:_MOST_FAILURES]]
    if rest := len(parted) - len(told):
        told.append(f"{rest} more failed, too")
    hints = [f"{'. ' if line[0].isupper() else ' '}{line}" for line in parted[0][1:] if line]
    return f"{'; and '.join(told)}{''.join(hints)}"


def trouble(error: Exception, config: DatabaseConfig) -> ConnectionError:
    """Make the retryable error that says where and why."""
    is_right = isinstance(error, errors.InsufficientPrivilege)
    remedy = f". Grant that to user {config.username}, or use another user" if is_right else ""
    return ConnectionError(
        f"the database {config.address} cannot be used now: {reason(error, config)}{remedy}"
    )


@contextmanager
def as_trouble(config: DatabaseConfig) -> Generator[None]:
    """Turn every error of the driver into a ConnectionError: for work that has no poison in it."""
    try:
        yield
    except ConnectionError:
        raise
    except (psycopg.Error, OSError) as error:
        raise trouble(error, config) from error


@contextmanager
def as_repository_error(config: DatabaseConfig) -> Generator[None]:
    """
    Turn the driver's errors into those of the repositories.

    Raises:
        DuplicateKeyError: A unique constraint refused a row.
        SchemaVersionError: There are no tables.
        QueryTooWideError: It took too long.
        RepositoryError: The statement or a value of it is at fault.
        ConnectionError: The database cannot be reached.
    """
    try:
        yield
    except errors.UniqueViolation as error:
        constraint = error.diag.constraint_name or "a unique constraint"
        raise DuplicateKeyError(
            f"{constraint} refused a row: one with the same key is there already."
        ) from error
    except (errors.UndefinedTable, errors.UndefinedFunction) as error:
        raise SchemaVersionError(found=0, wanted=wanted_version()) from error
    except errors.InsufficientPrivilege as error:
        raise RepositoryError(
            f"user {config.username} may not do this in {config.address}: "
            f"{reason(error, config)}. Do it as a user with that right: the one who ran "
            f"`cdc-audit migrate` has every one."
        ) from error
    except errors.QueryCanceled as error:
        raise QueryTooWideError(config.statement_timeout) from error
    except UnicodeError as error:
        raise RepositoryError(
            "a value has half a surrogate pair in it, which the database cannot hold."
        ) from error
    except ConnectionError:
        raise
    except (psycopg.Error, OSError) as error:
        state = error.sqlstate if isinstance(error, psycopg.Error) else None
        if (state or "")[:2] in _CALLERS_CLASSES or isinstance(error, psycopg.DataError):
            raise RepositoryError(f"the database refused: {reason(error, config)}") from error
        raise trouble(error, config) from error

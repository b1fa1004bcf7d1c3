"""What the driver's errors mean: the row's fault, or nobody's."""

import psycopg
import pytest
from psycopg import errors

from adapters.postgres.config import DatabaseConfig
from adapters.postgres.driver_errors import as_repository_error, is_row_refused, reason, trouble
from domain.errors import ConnectionError as DatabaseConnectionError
from domain.errors import DuplicateKeyError, RepositoryError, SchemaVersionError

PLANTED = "hunter2"
CONFIG = DatabaseConfig(password=PLANTED)


@pytest.mark.parametrize(
    "error",
    [
        errors.InvalidTextRepresentation(),
        errors.CharacterNotInRepertoire(),
        errors.DatetimeFieldOverflow(),
        errors.NotNullViolation(),
        errors.ProgramLimitExceeded(),
        errors.StatementTooComplex(),  # too deep a JSON: psycopg calls it operational
    ],
)
def test_a_row_is_at_fault(error: psycopg.Error) -> None:
    assert is_row_refused(error)


@pytest.mark.parametrize(
    "error",
    [
        errors.UniqueViolation(),  # fencing
        errors.CheckViolation(),  # without a constraint's name: no partition
        errors.DiskFull(),
        errors.OutOfMemory(),
        errors.AdminShutdown(),
        errors.ReadOnlySqlTransaction(),
        errors.InsufficientPrivilege(),
        errors.UndefinedTable(),
        errors.DeadlockDetected(),
        errors.SerializationFailure(),
        errors.QueryCanceled(),
        errors.LockNotAvailable(),
        errors.InternalError_(),
        psycopg.OperationalError("server closed the connection unexpectedly"),
        psycopg.InterfaceError("connection is closed"),
    ],
)
def test_no_row_is_at_fault(error: psycopg.Error) -> None:
    assert not is_row_refused(error)


def test_trouble_says_where_and_why_and_never_the_password() -> None:
    error = psycopg.OperationalError('connection failed: password "hunter2" of user is wrong\nmore')

    said = str(trouble(error, CONFIG))

    assert "localhost:5432/sink_db" in said
    assert "connection failed" in said
    assert PLANTED not in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.UniqueViolation(), DuplicateKeyError),
        (errors.InvalidTextRepresentation(), RepositoryError),
        (errors.InsufficientPrivilege(), RepositoryError),
        (errors.UndefinedTable(), SchemaVersionError),
        (errors.AdminShutdown(), DatabaseConnectionError),
        (psycopg.OperationalError("gone"), DatabaseConnectionError),
        (OSError("gone"), DatabaseConnectionError),
    ],
)
def test_repositories_translate_the_drivers_errors(
    error: Exception, expected: type[Exception]
) -> None:
    with pytest.raises(expected) as raised, as_repository_error(CONFIG):
        raise error

    assert raised.type is expected
    assert raised.value.__cause__ is error


def test_a_translated_error_is_not_translated_again() -> None:
    ours = DatabaseConnectionError("the database is away")

    with pytest.raises(DatabaseConnectionError) as raised, as_repository_error(CONFIG):
        raise ours

    assert raised.value is ours


def test_a_question_that_takes_too_long_is_answered_with_advice() -> None:
    with pytest.raises(RepositoryError, match="statement_timeout"), as_repository_error(CONFIG):
        raise errors.QueryCanceled


REFUSED = 'connection failed: connection to server at "{}", port 5432 failed: Connection refused'
HINT = "\tIs the server running on that host and accepting TCP/IP connections?"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{REFUSED.format('::1')}\n{HINT}", f"{REFUSED.format('::1')}. {HINT.strip()}"),
        (
            "server closed the connection\n\tThis probably means it crashed\n\tbefore it began.",
            "server closed the connection. This probably means it crashed before it began.",
        ),
    ],
)
def test_lines_of_the_driver_become_sentences(text: str, told: str) -> None:
    assert reason(psycopg.OperationalError(text), CONFIG) == told


def test_each_address_that_was_tried_is_told_once() -> None:
    addresses = ["::1", "127.0.0.1", "10.0.0.1", "10.0.0.2"]
    failures = [
        f"- host: 'db', port: '5432', hostaddr: '{one}': {REFUSED.format(one)}\n{HINT}"
        for one in addresses
    ]
    whole = "\n".join(
        [
            REFUSED.format("10.0.0.2"),
            HINT,
            "Multiple connection attempts failed. All failures were:",
            *failures,
        ]
    )

    told = reason(psycopg.OperationalError(whole), CONFIG)

    assert told == (
        f"{'; and '.join(REFUSED.format(one) for one in addresses[:3])}; and 1 more failed, too. "
        f"{HINT.strip()}"
    )


def test_whoever_lacks_a_right_is_named() -> None:
    error = errors.InsufficientPrivilege('permission denied to set role "audit_writer"')

    assert str(trouble(error, CONFIG)).endswith(
        f'permission denied to set role "audit_writer". Grant that to user {CONFIG.username}, or '
        f"use another user"
    )

"""The error tree: what is caught as what, and what each error says and carries."""

import builtins
import re

import pytest

from domain import errors
from domain.disposition import Disposition

_LINE = re.compile(r"^ {4}([ │]*)(?:[├└]── )?(\w+Error)\b", re.MULTILINE)


def drawn() -> dict[str, str | None]:
    """The tree of the module's docstring: each class to the one that it hangs from."""
    parents: dict[str, str | None] = {}
    path: list[str] = []
    for indent, name in _LINE.findall(errors.__doc__ or ""):
        depth = 0 if not parents else len(indent) // 4 + 1
        parents[name] = path[depth - 1] if depth else None
        path[depth:] = [name]
    return parents


def test_every_error_is_where_the_tree_shows_it() -> None:
    defined = {
        one.__name__: None if one is errors.CdcAuditError else one.__bases__[0].__name__
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, errors.CdcAuditError)
    }

    assert drawn() == defined
    assert len(defined) >= 15


def test_a_lost_connection_is_pythons_too() -> None:
    assert issubclass(errors.ConnectionError, builtins.ConnectionError)


def test_a_wrong_setting_names_itself_and_where_it_came_from() -> None:
    error = errors.ConfigurationError("kafka.topics", "is empty", source="config.toml line 3")

    assert str(error) == "kafka.topics (from config.toml line 3): is empty"
    assert (error.field, error.problem) == ("kafka.topics", "is empty")
    assert str(errors.ConfigurationError("a.b", "is odd")) == "a.b: is odd"


def test_a_record_that_is_too_large_says_how_large_and_what_to_do() -> None:
    error = errors.RecordTooLargeError("t-0-5", key_size=3, value_size=9, limit=10)

    for fact in ("t-0-5", "3 bytes", "9 bytes", "max_record_bytes = 10", "read the record again"):
        assert fact in str(error)
    assert error.limit == 10


def test_a_record_without_change_says_what_it_is() -> None:
    error = errors.NotAChangeError(Disposition.CONTROL, "heartbeat", index=4)

    assert "heartbeat (control)" in str(error)
    assert (error.disposition, error.kind, error.index) == (Disposition.CONTROL, "heartbeat", 4)


@pytest.mark.parametrize(
    ("found", "wanted", "said"),
    [
        (0, 2, "no cdc-audit tables"),
        (1, 2, "version 1, this program needs 2"),
        (3, 2, "newer than this program's 2"),
    ],
)
def test_tables_of_another_version_say_which_side_to_renew(
    found: int, wanted: int, said: str
) -> None:
    error = errors.SchemaVersionError(found=found, wanted=wanted)

    assert said in str(error)
    assert (error.found, error.wanted) == (found, wanted)


def test_a_fenced_batch_says_where_to_read_on() -> None:
    error = errors.FencedError({(2, 0): 7, (1, 3): 5}, writer=None)

    assert "unknown" in str(error)
    assert "1-3 is at 5, 2-0 is at 7" in str(error)
    assert error.positions == {(2, 0): 7, (1, 3): 5}


def test_a_rival_is_named_with_its_sessions() -> None:
    error = errors.RivalWriterError("w-1", times=3, seconds=60.0)

    assert "'cdc-audit w-1'" in str(error)
    assert "3 times within 60 seconds" in str(error)


def test_a_refused_partition_carries_its_coordinates() -> None:
    error = errors.StreamRefusedError("orders", 2, problem="it ends too early.", remedy="Look.")

    assert str(error) == "topic orders, partition 2: it ends too early. Look."
    assert (error.topic, error.partition) == ("orders", 2)

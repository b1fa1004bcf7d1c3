"""Words that are stored or documented: none of them changes by accident."""

from enum import StrEnum

import pytest

from domain.control import COUNTED_ONLY, ControlKind
from domain.diff import ColumnStatus
from domain.disposition import Disposition
from domain.operation import BeforeImage, OperationTypeEnum, TimestampSource, ValueNote

WORDS: list[tuple[type[StrEnum], str]] = [
    (OperationTypeEnum, "INSERT UPDATE DELETE TRUNCATE SNAPSHOT UPSERT RANGE_DELETE"),
    (BeforeImage, "complete key invented absent"),
    (TimestampSource, "source envelope kafka"),
    (ValueNote, "unavailable masked hashed hidden truncated undecoded escaped suspect offloaded"),
    (Disposition, "audited baseline control skipped quarantined"),
    (ColumnStatus, "added removed changed unchanged unavailable unknown"),
]


@pytest.mark.parametrize(("words", "expected"), WORDS, ids=lambda part: str(part)[:30])
def test_the_words_are_those_that_are_documented(words: type[StrEnum], expected: str) -> None:
    assert " ".join(word.value for word in words) == expected


def test_only_heartbeats_and_tombstones_are_counted_and_not_kept() -> None:
    assert {ControlKind.HEARTBEAT, ControlKind.TOMBSTONE} == COUNTED_ONLY
    assert len(ControlKind) == len({kind.value for kind in ControlKind}) == 12

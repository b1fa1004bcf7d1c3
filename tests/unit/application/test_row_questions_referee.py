"""
What is told of rows, against a referee who kept the table itself at every moment.

The referee applies random statements to a table and keeps a copy after each; the trail gets the
changes as Debezium would tell them. What the questions say must be the referee's, or "not known".
"""

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.memory.trail import MemoryStream, MemoryTrail
from adapters.memory.trail_readers import memory_readers
from application.questions import TrailQuestions, questions_to
from application.trail_query import StoredRecord
from domain.operation import OperationTypeEnum
from domain.row_state import Existence
from tests.builders import NOON, a_record
from tests.contract.row_stories import deleted, inserted, keyed, order, truncated

STEP = 1_000_000
KEYS = (1, 2, 3)

Table = dict[int, dict[str, Any]]
"""Key to row; a row's `born` tells rows apart, `bio` is large and sent only when it changes."""

Statement = tuple[str, int, int, bool]

statements = st.lists(
    st.tuples(
        st.sampled_from(["insert", "update", "update", "delete", "rekey", "truncate"]),
        st.sampled_from(KEYS),
        st.sampled_from(KEYS),
        st.booleans(),
    ),
    max_size=14,
)

REUSED: Sequence[Statement] = [
    ("insert", 2, 0, True),
    ("delete", 2, 0, True),
    ("insert", 2, 0, True),
    ("rekey", 2, 1, True),
    ("insert", 2, 0, True),
]
"""Three rows have the key 2, one after the other; the second one leaves with it for another."""


class Referee:
    """Keeps the table at every moment, and writes the trail."""

    def __init__(self) -> None:
        self.table: Table = {}
        self.moments: list[Table] = []
        self.trail = MemoryTrail()
        self.trail.streams.append(MemoryStream(1, "cluster", "topic", 1, None))
        self._offset = 0

    def execute(self, statement: Statement) -> None:
        """Execute a statement that fits the table as it is; others change nothing."""
        what, key, other, sends_all = statement
        number = len(self.moments)
        row = self.table.get(key)
        if what == "insert" and row is None:
            self.table[key] = {"born": number, "n": number, "bio": f"bio {number}"}
            self._add(inserted(key, **self.table[key]))
        elif what == "update" and row is not None:
            self._update(key, row, number, sends_all=sends_all)
        elif what == "delete" and row is not None:
            self._add(deleted(key, **self.table.pop(key)))
        elif what == "rekey" and row is not None and other not in self.table:
            self._add(deleted(key, other, **row))
            sent, note = _sent(row, sends_all=sends_all)
            self._add({**inserted(other, key, **sent), "value_notes": note})
            self.table[other] = self.table.pop(key)
        elif what == "truncate":
            self._add(truncated())
            self.table.clear()
        self.moments.append({k: dict(r) for k, r in self.table.items()})

    def _update(self, key: int, row: dict[str, Any], number: int, *, sends_all: bool) -> None:
        new = {**row, "n": number}
        if sends_all:
            new["bio"] = f"bio {number}"
        sent, note = _sent(new, sends_all=sends_all)
        self._add(
            keyed(
                key,
                old_data=None,
                new_data=json.dumps({"id": key, **sent}),
                changed_columns=None,
                before_image="absent",
                value_notes=note,
            )
        )
        self.table[key] = new

    def _add(self, fields: Any) -> None:  # noqa: ANN401 - any field
        at = NOON + len(self.moments) * STEP
        record = a_record(self._offset, **{**fields, "change_timestamp": at})
        self.trail.records[1, 0, self._offset] = StoredRecord(record, "topic", at)
        self._offset += 1


def _sent(row: dict[str, Any], *, sends_all: bool) -> tuple[dict[str, Any], str | None]:
    """What of a row the source sends, and the note on the rest."""
    if sends_all:
        return row, None
    return {k: v for k, v in row.items() if k != "bio"}, '{"bio":"unavailable"}'


def _born(stored: StoredRecord) -> int | None:
    """Which row a change is about, whatever its key; None for a TRUNCATE."""
    image = stored.record.new_data or stored.record.old_data
    return None if image is None else json.loads(image)["born"]


def ask(played: Sequence[Statement]) -> tuple[Referee, TrailQuestions]:
    referee = Referee()
    for statement in played:
        referee.execute(statement)
    return referee, questions_to(memory_readers(referee.trail))


@settings(max_examples=100, deadline=None)
@given(played=statements)
async def test_a_row_at_any_time_is_the_referees(played: Sequence[Statement]) -> None:
    referee, questions = ask(played)

    for number, table in enumerate(referee.moments):
        for key in KEYS:
            answer = await questions.row_at.at(order(key), NOON + number * STEP)
            told = json.loads(answer.row.record_key)["id"]
            if answer.state.existence is Existence.PRESENT:
                true_row = {"id": told, **table[told]}
                assert {
                    c.name: None if c.value is None else json.loads(c.value.text or "null")
                    for c in answer.state.columns
                } == true_row
            elif answer.state.existence is Existence.ABSENT:
                assert key not in table
            else:
                assert key not in table  # nobody ever told of it


@settings(max_examples=100, deadline=None)
@given(played=statements)
async def test_a_row_that_is_there_is_found(played: Sequence[Statement]) -> None:
    referee, questions = ask(played)

    for number, table in enumerate(referee.moments):
        for key in table:
            answer = await questions.row_at.at(order(key), NOON + number * STEP)
            assert (answer.row, answer.state.existence) == (order(key), Existence.PRESENT)


@settings(max_examples=100, deadline=None)
@example(played=REUSED, limit=2)
@given(played=statements, limit=st.integers(1, 5))
async def test_a_history_has_every_change_of_the_key_in_order(
    played: Sequence[Statement], limit: int
) -> None:
    referee, questions = ask(played)

    for key in KEYS:
        pages = [await questions.history.page(order(key), limit=limit)]
        while (older := pages[-1].older) is not None:
            pages.append(await questions.history.page(order(key), before=older, limit=limit))
        places = [e.change.place for page in pages for e in page.entries]
        own = {
            s.place: _born(s)
            for s in referee.trail.records.values()
            if s.record.record_key == order(key).record_key
        }

        assert places == sorted(set(places), reverse=True)
        assert own.keys() <= set(places)
        shown = {_born(e.change) for page in pages for e in page.entries} - {None}
        assert shown == set(own.values())
        assert all(len(page.entries) <= limit for page in pages)


@settings(max_examples=100, deadline=None)
@given(played=statements, limit=st.integers(1, 5))
async def test_the_last_known_value_is_the_referees(
    played: Sequence[Statement], limit: int
) -> None:
    referee, questions = ask(played)

    for key in KEYS:
        page = await questions.history.page(order(key), limit=limit)
        for entry in page.entries:
            record = entry.change.record
            moment = (record.change_timestamp - NOON) // STEP
            for column in entry.columns:
                is_unsent = record.operation is OperationTypeEnum.UPDATE and (
                    column.diff.new is not None and column.diff.new.text is None
                )
                if is_unsent and entry.change.record.record_key == order(key).record_key:
                    assert column.last_known is not None
                    true_value = referee.moments[moment][key]["bio"]
                    assert json.loads(column.last_known.value.text or "") == true_value

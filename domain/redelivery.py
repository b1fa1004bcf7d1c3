"""
Which rows are a change that the connector delivered again, and how sure that is.

After a restart a connector goes on from its last stored offset: what it had sent since comes once
more, at new offsets of Kafka. It is told apart from a new change by its content and by the
connector's *run*: one run never repeats itself, and another run's n-th change of one identity
answers the n-th that was there before.

    identity (source position, table, operation, key, transaction)
        ──▶ deliveries of one identity, run by run ──▶ repeats: later ──▶ first, how certain

Never are two real changes marked as one. Several rows of one COPY share a position of PostgreSQL's
log, and a table without a key may have rows that are the same in everything: there it takes the
place in the transaction to be certain.
"""

import enum
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from operator import attrgetter

import msgspec

from domain.operation import OperationTypeEnum

Coordinates = tuple[int, int, int]
"""Stream, partition and offset of a row."""


class Certainty(enum.StrEnum):
    """How sure it is that a row repeats another. People do not see certain ones unless they ask."""

    CERTAIN = "certain"
    POSSIBLE = "possible"


class RunStretch(msgspec.Struct, frozen=True):
    """
    Records of one stream partition that follow each other and are of one run of the connector.

    Attributes:
        first_offset: Offset of the first of them.
        run: The connector's own id of the run; None where its records do not say.
        lowest: Least source position of their changes; None where none has one.
        highest: Greatest source position.
    """

    first_offset: int
    run: str | None
    lowest: str | None = None
    highest: str | None = None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """
    A change as it came once.

    Attributes:
        place: Its row.
        run: The run that delivered it; where that has no id, a name that no other run has.
        run_order: Runs of a smaller number came before.
        has_run_id: Whether the connector itself tells its runs apart.
        identity: What a repetition has in common with it but the images and the order: source
            position, table, operation, key, transaction.
        content: The images, or a digest of them.
        order: Its place in the transaction, and among the table's changes there; None if unknown.
        is_alone: Whether no other change can have this identity: see `stands_alone`.
    """

    place: Coordinates
    run: str
    run_order: int
    has_run_id: bool
    identity: str
    content: str
    order: tuple[int | None, int | None] = (None, None)
    is_alone: bool = False


class Redelivery(msgspec.Struct, frozen=True):
    """
    A row that repeats another.

    Attributes:
        later: The row that was delivered again.
        first: The row that it repeats.
        certainty: How sure that is.
        evidence: Why, in words.
    """

    later: Coordinates
    first: Coordinates
    certainty: Certainty
    evidence: str


_ONE_ROW_A_POSITION = frozenset({"mysql", "mariadb", "sqlserver"})


def stands_alone(connector: str | None, operation: str, *, has_key: bool) -> bool:
    """
    Whether two real changes cannot have the same source position, table, operation and key.

    A position of MySQL's and SQL Server's logs is of one row. One of PostgreSQL's is of one
    record of the log, and only inserts put several rows into one.
    """
    if has_key or connector in _ONE_ROW_A_POSITION:
        return True
    return connector == "postgresql" and operation != OperationTypeEnum.INSERT


def repeats(deliveries: Iterable[Delivery]) -> Sequence[Redelivery]:
    """
    Find what was delivered again among `deliveries`, which hold every row of each identity.

    The result depends on no order of `deliveries`. No row is both a first and a later one.

    Returns:
        Sorted by the later rows; each later row once, each first row once for every run.
    """
    groups: defaultdict[str, list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        groups[delivery.identity].append(delivery)
    found = [found for group in groups.values() for found in _repeats_of_one(group)]
    return sorted(found, key=attrgetter("later"))


def _repeats_of_one(group: Sequence[Delivery]) -> Iterable[Redelivery]:
    runs: defaultdict[tuple[int, str], list[Delivery]] = defaultdict(list)
    for delivery in sorted(group, key=attrgetter("place")):
        runs[delivery.run_order, delivery.run].append(delivery)
    firsts: list[Delivery] = []
    for _, delivered in sorted(runs.items()):
        pairs, new = _answered(delivered, firsts)
        yield from (_judged(later, first) for later, first in pairs)
        firsts += new


def _answered(
    delivered: Sequence[Delivery], firsts: Sequence[Delivery]
) -> tuple[Sequence[tuple[Delivery, Delivery]], Sequence[Delivery]]:
    """Pair what one run delivered with what was before: the likest first, n-th with n-th."""
    pairs: list[tuple[Delivery, Delivery]] = []
    left, unanswered = list(delivered), list(firsts)
    for likeness in (_all_of_it, _its_content, _its_identity):
        waiting: defaultdict[Hashable, deque[Delivery]] = defaultdict(deque)
        for first in unanswered:
            waiting[likeness(first)].append(first)
        found = {
            later.place: waiting[likeness(later)].popleft()
            for later in left
            if likeness(later) is not None and waiting[likeness(later)]
        }
        pairs += [(later, found[later.place]) for later in left if later.place in found]
        left = [later for later in left if later.place not in found]
        answered = {first.place for first in found.values()}
        unanswered = [first for first in unanswered if first.place not in answered]
    return pairs, left


def _all_of_it(delivery: Delivery) -> Hashable:
    return delivery.content, delivery.order


def _its_content(delivery: Delivery) -> Hashable:
    return delivery.content


def _its_identity(delivery: Delivery) -> Hashable:
    """The images may differ, as when a rule masks what it did not before; no other can be it."""
    return delivery.is_alone or None


def _judged(later: Delivery, first: Delivery) -> Redelivery:
    runs = f"run {later.run} after run {first.run}"
    same = f"same position, table, operation, key and transaction ({runs})"
    is_ordered = None not in {*later.order, *first.order} and later.order == first.order
    if not (later.has_run_id and first.has_run_id):
        doubt = "the connector does not name its runs"
    elif later.content != first.content:
        doubt = "the images differ"
    elif not (later.is_alone or is_ordered):
        doubt = "another row may be the same in everything, and no order tells them apart"
    else:
        doubt = ""
    if doubt:
        return Redelivery(later.place, first.place, Certainty.POSSIBLE, f"{same}, but {doubt}")
    return Redelivery(later.place, first.place, Certainty.CERTAIN, f"{same}, same images")


def begins_run(stretch: RunStretch, *, run: str | None, highest: str | None) -> bool:
    """
    Whether `stretch` begins another run than the one before it in its stream partition.

    Args:
        stretch: What follows.
        run: The id of the run before; None if it has none.
        highest: Greatest source position of the run before.
    """
    return stretch.run != run or (run is None and _goes_back(stretch.lowest, highest))


def may_repeat(stretch: RunStretch, repeats_until: str | None) -> bool:
    """Whether changes of `stretch` are not above what the runs before had reached."""
    lowest = stretch.lowest
    return lowest is not None and repeats_until is not None and lowest <= repeats_until


_MOST_STRETCHES = 64

RunOf = Callable[[int], str | None]
"""Gives the run of the record at an index of a slice."""


def stretches(
    offsets: Sequence[int], positions: Sequence[str | None], run_of: RunOf
) -> tuple[RunStretch, ...]:
    """
    Cut the changes of one slice where another run of the connector begins.

    Whoever sends no run id begins a run where positions go back. Positions of one run rise: where
    they do, and the run at both ends is one, it is not looked for in between.

    Args:
        offsets: Offsets of the changes, rising.
        positions: The source position of each.
        run_of: The run of each, by its index.
    """
    if not offsets:
        return ()
    known = [position for position in positions if position is not None]
    run = run_of(0)
    rises = all(map(str.__le__, known, known[1:]))
    if rises and run_of(len(offsets) - 1) == run:
        highest = known[-1] if known else None
        return (RunStretch(offsets[0], run, known[0] if known else None, highest),)
    return _cut(offsets, positions, run_of)


def _cut(
    offsets: Sequence[int], positions: Sequence[str | None], run_of: RunOf
) -> tuple[RunStretch, ...]:
    found: list[RunStretch] = []
    for index, (offset, position) in enumerate(zip(offsets, positions, strict=True)):
        run = run_of(index)
        last = found[-1] if found else None
        if last is None or last.run != run or (run is None and _goes_back(position, last.highest)):
            found.append(RunStretch(offset, run, position, position))
        elif position is not None:
            found[-1] = msgspec.structs.replace(
                last,
                lowest=position if last.lowest is None else min(last.lowest, position),
                highest=position if last.highest is None else max(last.highest, position),
            )
    if (
        len(found) > _MOST_STRETCHES
    ):  # several connectors write here: their positions do not compare
        lows = [s.lowest for s in found if s.lowest is not None]
        highs = [s.highest for s in found if s.highest is not None]
        lowest, highest = min(lows, default=None), max(highs, default=None)
        return (RunStretch(offsets[0], None, lowest, highest),)
    return tuple(found)


def _goes_back(position: str | None, highest: str | None) -> bool:
    return position is not None and highest is not None and position < highest

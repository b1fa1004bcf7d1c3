"""The accounting identity: every offset has one fate, and fates add up."""

from hypothesis import given
from hypothesis import strategies as st

from domain.disposition import Tally

_TALLIES = st.builds(
    Tally,
    audited=st.integers(0, 9),
    baseline=st.integers(0, 9),
    control=st.integers(0, 9),
    skipped=st.integers(0, 9),
    quarantined=st.integers(0, 9),
    absent=st.integers(0, 9),
)


def test_every_fate_counts_once() -> None:
    tally = Tally(audited=1, baseline=10, control=100, skipped=1_000, quarantined=10_000)

    assert tally.total == 11_111
    assert Tally(absent=5).total == 5
    assert Tally().total == 0


@given(one=_TALLIES, other=_TALLIES)
def test_tallies_add_up_fate_by_fate(one: Tally, other: Tally) -> None:
    total = one + other

    assert total.total == one.total + other.total
    assert total.quarantined == one.quarantined + other.quarantined
    assert total.absent == one.absent + other.absent
    assert one + Tally() == one

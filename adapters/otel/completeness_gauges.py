"""Gauges of what the last check of the source's transactions found."""

from collections.abc import Callable, Iterable

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from adapters.otel import names
from application.keep_checking import CompletenessStatus
from domain.completeness import TransactionState


class CompletenessGauges:
    """
    Transactions by how they stand. Before the first check nothing appears.

    Attributes:
        status: Gives what the last check found; None where nobody checks.
    """

    def __init__(self, meter: Meter) -> None:
        self.status: Callable[[], CompletenessStatus] | None = None
        meter.create_observable_gauge(
            names.CHECKED_TRANSACTIONS,
            callbacks=[self._tell_transactions],
            description="Transactions that the last check looked at, by how they stand.",
        )
        meter.create_observable_gauge(
            names.CHECKED_AT,
            callbacks=[self._tell_time],
            unit="s",
            description="When the source's transactions were last checked, since 1970.",
        )

    def _tell_transactions(self, _: CallbackOptions) -> Iterable[Observation]:
        status = self.status() if self.status else None
        if status is not None and status.checked_at is not None:
            for state in TransactionState:
                yield Observation(status.counts.get(state, 0), {"state": state.value})

    def _tell_time(self, _: CallbackOptions) -> Iterable[Observation]:
        status = self.status() if self.status else None
        if status is not None and status.checked_at is not None:
            yield Observation(status.checked_at)

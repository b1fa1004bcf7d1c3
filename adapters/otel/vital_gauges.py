"""Gauges that are filled when somebody scrapes, by asking whoever knows."""

from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from adapters.otel import names
from application.reports import PipelineState, PipelineStatus
from application.transform_load import TransformLoad
from application.vital_signs import PoolUsage, TrailCondition
from domain.disposition import Tally
from domain.stream import StreamPartition

_Told = Iterable[Observation]

_VERSION = version("cdc-audit")


def _tell_build(_: CallbackOptions) -> _Told:
    yield Observation(1, {"version": _VERSION})


class VitalGauges:
    """
    Lag, state, pool, quarantine and gaps. What nobody tells does not appear.

    Attributes:
        status: Gives the pipeline's status.
        lag: Gives each assigned partition's lag, in records.
        pool: Gives the pool's numbers.
        condition: What the trail is known to miss, as of the last look.
        newest_change: Change timestamp of the newest row; seconds since 1970, UTC.
    """

    def __init__(self, meter: Meter) -> None:
        self.status: Callable[[], PipelineStatus] | None = None
        self.lag: Callable[[], Mapping[StreamPartition, int]] | None = None
        self.pool: Callable[[], PoolUsage] | None = None
        self.condition: TrailCondition | None = None
        self.newest_change: float | None = None
        gauges: Mapping[str, tuple[Callable[[CallbackOptions], _Told], str]] = {
            names.BUILD_INFO: (_tell_build, "1, with the version of the program that runs."),
            names.LAG: (self._tell_lag, "Records between our position and the log's end."),
            names.ASSIGNED: (self._tell_assigned, "Partitions that this process reads."),
            names.STATE: (self._tell_state, "1 for the state that the pipeline is in, else 0."),
            names.HELD_TOPICS: (self._tell_held, "Topics held since nearly all of them fails."),
            names.POOL_CONNECTIONS: (self._tell_pool, "Open database connections, by use."),
            names.POOL_LIMIT: (self._tell_limit, "Most database connections the pool opens."),
            names.POOL_WAITING: (self._tell_waiting, "Requests that wait for a connection."),
            names.OPEN_QUARANTINE: (self._tell_quarantine, "Unresolved records in quarantine."),
            names.STOPPED: (self._tell_stopped, "Partitions stopped at damage in their log."),
            names.TRAIL_OFFSETS: (self._tell_offsets, "Offsets behind the trail, by disposition."),
            names.UNACCOUNTED: (self._tell_unaccounted, "Offsets without account: always 0."),
            names.OPEN_GAPS: (self._tell_gaps, "Gaps that lose changes, not acknowledged."),
        }
        for name, (tell, description) in gauges.items():
            meter.create_observable_gauge(name, callbacks=[tell], description=description)
        meter.create_observable_gauge(
            names.NEWEST_CHANGE,
            callbacks=[self._tell_newest],
            unit="s",
            description="When the newest row of the last batch was changed, since 1970.",
        )
        meter.create_observable_counter(
            names.FENCED,
            callbacks=[self._tell_fenced],
            description="Batches not stored, since another writer had moved our offsets.",
        )

    def transform_load(self) -> TransformLoad | None:
        """Give the transformer's load, as the pipeline's status has it."""
        return self.status().transform_load if self.status else None

    def _tell_lag(self, _: CallbackOptions) -> _Told:
        if self.lag:
            for at, records in self.lag().items():
                yield Observation(records, {"topic": at.topic, "partition": at.partition})

    def _tell_assigned(self, _: CallbackOptions) -> _Told:
        if self.status:
            yield Observation(self.status().assigned)

    def _tell_state(self, _: CallbackOptions) -> _Told:
        if self.status:
            now = self.status().state
            for state in PipelineState:
                yield Observation(int(state is now), {"state": state.value})

    def _tell_held(self, _: CallbackOptions) -> _Told:
        if self.status:
            yield Observation(len(self.status().held_topics))

    def _tell_fenced(self, _: CallbackOptions) -> _Told:
        if self.status:
            yield Observation(self.status().fenced)

    def _tell_pool(self, _: CallbackOptions) -> _Told:
        if self.pool:
            usage = self.pool()
            yield Observation(usage.idle, {"use": "idle"})
            yield Observation(max(0, usage.size - usage.idle), {"use": "busy"})

    def _tell_limit(self, _: CallbackOptions) -> _Told:
        if self.pool:
            yield Observation(self.pool().limit)

    def _tell_waiting(self, _: CallbackOptions) -> _Told:
        if self.pool:
            yield Observation(self.pool().waiting)

    def _tell_quarantine(self, _: CallbackOptions) -> _Told:
        if self.condition is not None:
            yield Observation(self.condition.open_quarantine)

    def _tell_gaps(self, _: CallbackOptions) -> _Told:
        if self.condition is not None:
            yield Observation(self.condition.open_gaps)

    def _tell_stopped(self, _: CallbackOptions) -> _Told:
        if self.status:
            yield Observation(len(self.status().stopped_partitions))

    def _tell_offsets(self, _: CallbackOptions) -> _Told:
        if self.condition is not None:
            for disposition in Tally.__struct_fields__:
                offsets = getattr(self.condition.offsets, disposition)
                yield Observation(offsets, {"disposition": disposition})

    def _tell_unaccounted(self, _: CallbackOptions) -> _Told:
        if self.condition is not None:
            yield Observation(self.condition.unaccounted)

    def _tell_newest(self, _: CallbackOptions) -> _Told:
        if self.newest_change is not None:
            yield Observation(self.newest_change)

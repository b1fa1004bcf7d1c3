"""What is transformed where: told when somebody scrapes, by the transformer itself."""

from collections.abc import Callable, Iterable, Mapping

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from adapters.otel import names
from application.transform_load import TransformLoad

_Told = Iterable[Observation]


class TransformGauges:
    """
    Actors, batches under way, and where batches went. Nothing appears where all is in-process.

    Args:
        meter: Makes the instruments.
        load: Gives the transformer's load; None where it is not known, or spreads nothing.
    """

    def __init__(self, meter: Meter, load: Callable[[], TransformLoad | None]) -> None:
        self._load = load
        gauges: Mapping[str, tuple[Callable[[TransformLoad], int], str]] = {
            names.ACTORS: (lambda load: load.actors, "Ray actors that are there."),
            names.ACTORS_LEAST: (lambda load: load.least, "Ray actors that a quiet service keeps."),
            names.ACTORS_MOST: (lambda load: load.most, "Ray actors that a burst may have."),
            names.TRANSFORMING: (lambda load: load.under_way, "Batches being transformed."),
        }
        for name, (of, description) in gauges.items():
            meter.create_observable_gauge(
                name, callbacks=[self._telling(of)], description=description
            )
        meter.create_observable_counter(
            names.TRANSFORMED,
            callbacks=[self._tell_decisions],
            description="Batches by where they were transformed, and what counted for that.",
        )
        meter.create_observable_counter(
            names.TRANSFORM_BUSY,
            callbacks=[self._tell_busy],
            unit="s",
            description="Time of this process: decoding in-process, or shipping to Ray and back.",
        )

    def _telling(
        self, of: Callable[[TransformLoad], int]
    ) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def tell(_: CallbackOptions) -> _Told:
            load = self._load()
            if load is not None:
                yield Observation(of(load))

        return tell

    def _tell_decisions(self, _: CallbackOptions) -> _Told:
        load = self._load() or TransformLoad()
        for (engine, situation), batches in load.decisions.items():
            yield Observation(batches, {"engine": engine, "situation": situation})

    def _tell_busy(self, _: CallbackOptions) -> _Told:
        load = self._load() or TransformLoad()
        for engine, seconds in load.seconds.items():
            yield Observation(seconds, {"engine": engine})

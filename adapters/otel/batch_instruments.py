"""Counters and histograms of what happens to records and batches."""

from opentelemetry.metrics import Meter

from adapters.otel import names


class BatchInstruments:
    """
    Made once for each meter.

    Args:
        meter: Makes the instruments.
    """

    def __init__(self, meter: Meter) -> None:
        count, measure = meter.create_counter, meter.create_histogram
        self.consumed = count(names.CONSUMED, description="Kafka records read, by partition.")
        self.records = count(names.RECORDS, description="Kafka records, by what became of them.")
        self.absent = count(names.ABSENT, description="Offsets that carry no record.")
        self.rows = count(names.ROWS, description="Rows made for the trail, by operation.")
        self.control = count(names.CONTROL, description="Records without a row change, by kind.")
        self.quarantined = count(names.QUARANTINED, description="Records quarantined, by error.")
        self.retries = count(names.RETRIES, description="Retries of quarantined records.")
        self.batches = count(names.BATCHES, description="Batches committed.")
        self.stage_duration = measure(
            names.STAGE_DURATION, unit="s", description="Time that one stage of a batch took."
        )
        self.batch_duration = measure(
            names.BATCH_DURATION, unit="s", description="Time from first stage to commit."
        )
        self.batch_records = measure(names.BATCH_RECORDS, description="Records of a batch.")
        self.batch_size = measure(
            names.BATCH_SIZE, unit="By", description="Keys and values of a batch."
        )
        self.freshness = measure(
            names.FRESHNESS, unit="s", description="From a batch's newest change to its commit."
        )

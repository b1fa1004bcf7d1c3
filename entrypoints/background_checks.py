"""
Checking transactions beside the pipeline: what is composed of the trail and the service's Kafka.

    RecordSource.existing (how far the logs go) ──┐
    EndedTransactions ────────────────────────────┴──▶ KeepChecking
"""

from collections.abc import Collection

from application.check_completeness import CheckCompleteness, EndedTransactions, LogEnds
from application.keep_checking import KeepChecking
from application.ports import RecordSource


def log_ends(source: RecordSource) -> LogEnds:
    """Ask `source` how far the logs of all that it reads go."""

    async def asked() -> Collection[tuple[str, str, int, int]]:
        logs = await source.existing()
        return [(log.cluster_id, log.topic, log.partition, log.log_end) for log in logs]

    return asked


def completeness_checks(
    transactions: EndedTransactions, source: RecordSource, every: float
) -> KeepChecking:
    """Compose the checks that are made every `every` seconds; none where that is 0."""
    check = CheckCompleteness(transactions, log_ends(source))
    return KeepChecking(transactions, check, every=every)

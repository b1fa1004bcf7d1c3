"""All readers of one trail in memory."""

from adapters.memory.gap_ledger import MemoryGapLedger
from adapters.memory.missing_parts import MemoryMissingPartsReader, MemoryTrailHealthReader
from adapters.memory.row_reader import MemoryRowReader, MemoryTransactionReader
from adapters.memory.statistics_reader import MemoryChangeCounter, MemoryStatisticsReader
from adapters.memory.trail import MemoryTrail
from adapters.memory.trail_exporter import MemoryTrailExporter
from adapters.memory.trail_reader import MemoryTrailReader
from application.questions import TrailReaders


def memory_readers(trail: MemoryTrail) -> TrailReaders:
    """Read `trail`."""
    reader, rows = MemoryTrailReader(trail), MemoryRowReader(trail)
    health = MemoryTrailHealthReader(trail)
    return TrailReaders(
        trail=reader,
        catalog=reader,
        rows=rows,
        redeliveries=rows,
        transactions=MemoryTransactionReader(trail),
        counter=MemoryChangeCounter(reader),
        exports=MemoryTrailExporter(reader),
        statistics=MemoryStatisticsReader(trail),
        health=health,
        coverage=health,
        gaps=MemoryGapLedger(trail),
        missing=MemoryMissingPartsReader(trail),
    )

"""`cdc-audit config` and the log at start name rules that fit no column that was met."""

import logging

import pytest

from adapters.memory.audit_store import MemoryAuditStore
from adapters.memory.trail_reader import MemoryTrailReader
from application.exposed_columns import ExposedColumnsWatch
from application.reports import BatchReport
from application.unmatched_rules import UnmatchedRule
from domain.redaction import ColumnRule, Redaction
from domain.source_table import SourceTable
from entrypoints.config_report import Exposure, exposure_lines

USERS = SourceTable("postgresql", "shop", "shop", "public", "users")


class NobodyTold:
    """An observer that is told of nothing in these tests."""

    def committed(self, report: BatchReport) -> None:
        """Take a report. See the port."""
        raise AssertionError(report)


@pytest.mark.parametrize(("nearest", "hint"), [("email", " Did you mean 'email'?"), (None, "")])
def test_config_names_the_rule_and_the_nearest_column(nearest: str | None, hint: str) -> None:
    exposure = Exposure([], unmatched=[UnmatchedRule("users", "emial", nearest)])

    assert list(exposure_lines(exposure))[-1] == (
        "# The rule on column 'emial' of table 'users' fits no column that the trail has met."
        + hint
    )


async def test_the_log_names_the_rule_when_the_trail_is_first_looked_at(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = MemoryAuditStore()
    store.trail.sources[USERS] = frozenset({"id", "email"})
    redaction = Redaction([ColumnRule(column="emial"), ColumnRule(column="id")])
    watch = ExposedColumnsWatch(NobodyTold(), redaction, MemoryTrailReader(store.trail))

    await watch.look_at_trail()

    (record,) = caplog.records
    assert (record.levelno, vars(record)["column"]) == (logging.WARNING, "emial")
    assert vars(record)["nearest"] == "email"
